# What the report's pages say, held against the documents that they were made of. Each filter gets a section's markup,
# its document and its name, and is false, or nothing at all, where the section says anything else.

# Markup as text.
def plain: gsub("<[^>]*>"; "") | gsub("&lt;"; "<") | gsub("&gt;"; ">") | gsub("&nbsp;"; " ") | gsub("&amp;"; "&");

# The rows of the section's tables, each a list of texts; the heads, too.
def rows: split("<tr>")[1:] | map(split("</t[dh]>"; null)[:-1] | map(plain));

# The first figure in a text as a number: bit/s, ns, % or whatever has no unit. None: nothing.
def figure:
  capture("^[^-+0-9]*(?<value>[-+]?[0-9]+(\u202f[0-9]{3})*([.][0-9]+)?(e[-+][0-9]+)?)( (?<unit>[^ ,;)]+))?")
  | (.value | gsub("\u202f|[+]"; "") | tonumber)
    * ({"kb/s": 1e3, "Mb/s": 1e6, "Gb/s": 1e9, "Tb/s": 1e12, "µs": 1e3, "ms": 1e6, "s": 1e9}[.unit // ""] // 1);

# Whether a text says this number, as exactly as figures with three digits can; null is not measured.
# Small shares have two digits.
def says($number):
  if $number == null then test("not measured")
  else [figure] | length == 1 and (.[0] - $number | fabs) <= 1e-9 + ($number | fabs) * (if $number < 1 then 0.06 else 0.006 end) end;
def says_share($ratio): says(if $ratio == null then null else $ratio * 100 end);

# Each row and what it is of, by pairs: as many of one as of the other, and not none.
def all_pairs($rows; $of; fits):
  ($of | length) > 0 and ($rows | length) == ($of | length) and ([$rows, $of] | transpose | all([fits] == [true]));

# A search with --sizes.
def sizes($doc; $section):
  def found($number; $text): if $number == null then $text == "none found" else $text | says($number) end;
  rows as $rows
  | ($rows[0] | index("rate found")) == 3
    and all_pairs($rows[1:]; $doc.search_sizes; . as [$row, $one]
      | $row[0] == "\($one.frame_bytes) B" and $row[1] == "\($one.payload_bytes) B" and $row[2] == $one.direction
        and found($one.answer_bps; $row[3]) and found($one.answer_ip_bps; $row[4]) and found($one.answer_pps; $row[5])
        and $row[6] == (if $one.confirmed then "confirmed" else "not confirmed" end)
        and $row[7] == ($one.limited_by // "nothing: it was interrupted" | gsub("_"; " "))
        and ($row[8] | says($one.duration_s * 1e9)));

# A test with --flows: a cell each, by groups, and then those without an answer.
def flows($doc; $section):
  def cells: [scan("<div([^>]*)><div>([0-9]+)</div><div class=\"what\">([^<]*)</div>") | {look: .[0], port: .[1], text: .[2]}];
  def sign($flow; $name): first($doc.flows.outliers[] | select(.direction == $flow.direction and .stream == $flow.stream and .sign == $name));
  def fits($flow; $cell):
    [sign($flow; "loss")] as $loss | [sign($flow; "delay")] as $delay
    | $cell.port == "\($flow.port)"
      and ($cell.look | test("class=\"lossy\"")) == ($loss != [])
      and ($cell.look | test("class=\"slow\"")) == ($loss == [] and $delay != [])
      and ($cell.look | test("port \($flow.port): \($flow.lost) of \($flow.packets) lost; least delay [+]"))
      and ($cell.text | if $loss != [] or $flow.lost > 0 then says_share($flow.loss_ratio)
        elif $delay != [] then startswith("+") and says($delay[0].added_delay_ns) else . == "ok" end);
  . as $markup | cells as $cells
  | [$doc.flows.outliers[] | select(.sign == "silent")] as $silent
  | [("up", "down") as $way | $doc.flows.groups[] | select(.direction == $way) | .flows[] + {direction: $way}] as $flows
  | ($markup | plain | contains($doc.flows.verdict))
    and ([$markup | scan("<h3>(?:up|down), group [0-9]+: ")] | length) == ($doc.flows.groups | length)
    and all_pairs($cells[:($flows | length)]; $flows; . as [$cell, $flow] | fits($flow; $cell))
    and all_pairs($cells[($flows | length):]; $silent; . as [$cell, $one]
      | $cell.port == "\($one.port)" and $cell.text == "silent" and ($cell.look | test("class=\"silent\"")));

# One direction of a call: its card.
def call($doc; $section):
  def score($of): capture("MOS (?<mos>[0-9.]+) \\(R (?<r>[0-9.]+)\\)")
    | (.mos | tonumber - $of.mos | fabs) < 0.0051 and (.r | tonumber - $of.r | fabs) < 0.051;
  $doc[$section | ltrimstr("way-")].voice as $voice
  | capture("<div class=\"dim\">Voice</div><div class=\"value\">(?<value>[^<]*)</div><div class=\"more\">(?<more>[^<]*)</div>")
  | (if $voice.mos == null then .value == "no MOS" else .value | score($voice) end)
    and (.more | capture("(?<codec>[^ ]*); missed (?<after>[^,]*), (?<before>.*) lost before the (?<buffer>[a-z]*) buffer of (?<time>[^;]*); (?<ear>.*) from mouth to ear \\((?<source>[^)]*)\\); worst 10 s: (?<worst>.*) from (?<at>.*) on$")
      | .codec == $voice.codec and .buffer == $voice.buffer
        and (.after | says_share($voice.loss_after_ratio)) and (.before | says_share($voice.loss_before_ratio))
        and (.time | says($voice.buffer_ns)) and (.ear | says($voice.ta_ns))
        and .source == {one_way: "by the clocks", half_round_trip: "by half of the round trip"}[$voice.network_source]
        and (.worst | score($voice.worst)) and (.at | says($voice.worst.start_s * 1e9)));

# Two results: here the document is what `udperf compare --json` says of them.
def compared($doc; $section):
  def side($of; $unit):
    if $of == null then . == "not measured"
    else says($of.median) and ($of.runs == 1 or
      (capture(" \\((?<runs>[0-9]+) runs: (?<least>.*) to (?<most>.*)\\)$")
        | .runs == "\($of.runs)" and (.least | says($of.min)) and (.most | says($of.max)))) end;
  def change($row):
    if $row.change == null then . == "" elif $row.unit == "%" then endswith(" points") and says($row.change)
    elif $row.change_ratio == null then startswith(if $row.change > 0 then "+" else "-" end) and says($row.change)
    else endswith(" %") and (figure - $row.change_ratio * 100 | fabs) < 0.051 end;
  def chance($row):
    if $row.p_value == null then contains("(p ") | not
    else capture("\\(p (?<than>[=<]) (?<p>[0-9.]+), (?<test>[^)]*)\\)")
      | .test == {fisher_exact: "Fisher", mann_whitney_u: "Mann-Whitney U"}[$row.test]
        and (.p | tonumber | if $row.p_value < 0.001 then . == 0.001 else . - $row.p_value | fabs < 0.00051 end)
        and (.than == "<") == ($row.p_value < 0.001) end;
  def named($row):
    $row.metric + if $row.which == null then ""
      else ", " + (if $row.which.payload_bytes == null then "" else "\($row.which.payload_bytes) B " end) + $row.which.direction end;
  def judged($row):
    if $row.judgement != "not_known" then $row.judgement | gsub("_"; " ")
    elif $row.enough_runs != null then "too few runs to tell, \($row.enough_runs) a side would do"
    elif $row.test == "fisher_exact" then "too few datagrams to tell"
    else "spread not known" end;
  def meaning($row):
    if $row.failed and $row.new == null then . == "no longer measured"
    else startswith(judged($row)) and chance($row) and endswith("; over the limit") == $row.failed end;
  . as $markup | rows[1:] as $rows
  | [$doc.metrics[] | select(.old or .new)] as $known
  | all_pairs($rows; $known; . as [$row, $one]
      | $row[0] == named($one) and ($row[1] | side($one.old; $one.unit)) and ($row[2] | side($one.new; $one.unit))
        and ($row[3] | change($one)) and ($row[4] | meaning($one)))
    and all_pairs([$markup | scan("<p class=\"bad\">Not the same test: ([^<]*)</p>")[0] | plain]; $doc.differences;
      . as [$text, $one] | $text == "\($one.field) was \($one.old), is \($one.new)")
    and ($markup | contains("<p class=\"dim\">old: \($doc.old), ") and contains("<p class=\"dim\">new: \($doc.new), "));
