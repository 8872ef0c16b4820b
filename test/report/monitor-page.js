// What the functions of the monitor's page come to: behind lib/html/monitor/{figures,overview,charts}.js the body of a function
// that returns what is wrong.
const wrong = [];
const same = (what, found, wanted) => {
  if (JSON.stringify(found) !== JSON.stringify(wanted)) wrong.push(what + ": " + JSON.stringify(found) + ", not " + JSON.stringify(wanted));
};
const none = { complete: 0, cut_short: 0, unreachable: 0, refused: 0, failed: 0, not_measured: 0 };
const sums = (rounds, not_asked) => ({ rounds: { ...none, ...rounds }, not_asked, up: null, down: null });

// A target that is down is not asked in most rounds: nobody answered in these either.
same("unanswered of an outage", unanswered(sums({ unreachable: 5, not_measured: 25 }, 25)), 1);
same("unmeasured of an outage", unmeasured(sums({ unreachable: 5, not_measured: 25 }, 25)), 0);
same("unanswered of a gap", unanswered(sums({ complete: 5, not_measured: 25 }, 0)), 0);
same("unmeasured of a gap", unmeasured(sums({ complete: 5, not_measured: 15 }, 0)), 0.75);
same("unanswered of both", unanswered(sums({ complete: 10, not_measured: 15 }, 10)), 0.5);
same("unmeasured of both", unmeasured(sums({ complete: 10, not_measured: 15 }, 10)), 0.2);
same("unanswered of one round", unanswered(sums({ not_measured: 1 }, 1)), 1);

// How long an outage was: not the time of which nobody knows, as that of sleep or without a monitor.
const changes = (...all) => all.map(([seconds, change, target]) => ({ target: target || "a", module: "light", change, at_unix_ns: seconds * 1e9 }));
const after = (...all) => outages(changes(...all)).map((one) => outageTexts(one).join(", ") + (one.up ? "" : ", and on"));
same("an outage", after([0, "down"], [30, "loss_high"], [60, "up"]), ["down for 60 s"]);
same("asleep within one", after([0, "down"], [60, "not_measured"], [3660, "down"], [3690, "up"]), ["down for 90 s, not measured for 60 min"]);
same("a gap alone", after([0, "not_measured"], [60, "up"]), ["not measured for 60 s"]);
same("no monitor within one", after([0, "down"], [60, "not_measured"], [90, "up"]), ["down for 60 s, not measured for 30 s"]);
same("told down again", after([0, "down"], [40, "down"], [60, "up"]), ["down for 60 s"]);
same("two targets", after([0, "down", "a"], [10, "down", "b"], [20, "up", "a"], [70, "up", "b"]), ["down for 20 s", "down for 60 s"]);
same("one that lasts", after([0, "down"], [60, "not_measured"]), ["down for 60 s, and on"]);
same("up without a beginning", after([20, "up"], [30, "up"]), []);

// Outages are of the time that is shown, each once, whoever told of it.
const kept = { ...state };
const now = 1e18;
Object.assign(state, { span: 3600, before: changes([now / 1e9 - 7200, "down"], [now / 1e9 - 60, "down"]), events: changes([now / 1e9 - 60, "down"], [now / 1e9, "up"]) });
same("changes shown", changesShown(now).map((one) => one.change), ["down", "up"]);
// This host's clock was set back by ten minutes before the target was up.
Object.assign(state, { before: changes([now / 1e9 - 90, "up", "b"], [now / 1e9 - 60, "down"]), events: changes([now / 1e9 - 60, "down"], [now / 1e9 - 630, "up"]) });
same("changes of a clock that was set back", changesShown(now).map((one) => one.target + one.change), ["bup", "adown", "aup"]);
same("an outage of a clock that was set back", outages(changesShown(now)).map((one) => one.up !== null), [true]);
Object.assign(state, kept);

// A sum that is missing is a gap, a round that is late is none.
const five = { span_ns: 3e11 };
same("the next sum", isGap(0, five, 10000), false);
same("a missing sum", isGap(300000, five, 10000), true);
same("sums of a round each six hours", isGap(21300000, five, 21600000), false);
same("a round", isGap(10, { span_ns: 1e10 }, 10000), false);
same("a missing round", isGap(20000, { span_ns: 1e10 }, 10000), true);

// What is shown at first: an hour of who has just begun, also where a target has few rounds.
const began = (...hours) => hours.map((one) => ({ start_unix_ns: (now / 1e6 - 3600e3 * one) * 1e6 }));
same("few rounds of long ago", hasPast(began(18, 12, 6), now / 1e6), true);
same("many since just now", hasPast(began(...Array(300).fill(0.5)), now / 1e6), false);
const chosen = state.chosen;
same("one of them with a past", isYoung([{ visible: true, hasPast: false }, { visible: true, hasPast: true }]), false);
same("one of them not asked yet", isYoung([{ visible: true, hasPast: false }, { visible: true }]), false);
same("none with a past", isYoung([{ visible: true, hasPast: false }, { visible: false }]), true);
state.chosen = chosen;

return wrong;
