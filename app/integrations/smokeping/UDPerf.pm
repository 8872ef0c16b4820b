package Smokeping::probes::UDPerf;

=head1 301 Moved Permanently

This is a Smokeping probe module. Please use the command

C<smokeping -man Smokeping::probes::UDPerf>

to view the documentation or the command

C<smokeping -makepod Smokeping::probes::UDPerf>

to generate the POD document.

=cut

use strict;
use warnings;
use base qw(Smokeping::probes::basefork);
use Carp;
use POSIX qw(ceil);
use JSON::PP qw(decode_json);

# Seconds that a test takes beside its datagrams: finding the server, and what both ends tell each other.
my $AROUND = 20;

sub pod_hash {
    return {
        name => <<'DOC',
Smokeping::probes::UDPerf - a SmokePing probe for udperf
DOC
        description => <<'DOC',
Measures round trips and loss of UDP with udperf(1) against a C<udperf server>. A ping is one datagram
to the server and one from it, and a round trip measured in the same moment; the next one follows
B<spacing> seconds later. It is lost when either datagram is missing by its number; where only the
round trip was not measured, one beside it stands for it.
DOC
        authors => <<'DOC',
the udperf authors
DOC
        see_also => <<'DOC',
L<udperf(1)>, L<udperf-client(1)>, L<smokeping_extend(7)>
DOC
    };
}

sub probevars {
    my $class = shift;
    return $class->_makevars($class->SUPER::probevars, {
        binary => {
            _doc => 'Where udperf is.',
            _default => '/usr/bin/udperf',
            _example => '/usr/local/bin/udperf',
            _sub => sub {
                my $file = shift;
                return -f $file && -x _ ? undef : "ERROR: binary '$file' is not a program";
            },
        },
    });
}

sub targetvars {
    my $class = shift;
    return $class->_makevars($class->SUPER::targetvars, {
        port => {
            _doc => 'The UDP port of the server.',
            _default => 5555,
            _example => 5555,
            _re => '\d{1,5}',
            _sub => sub {
                my $value = shift;
                return $value >= 1 && $value <= 65535 ? undef : 'ERROR: port is 1..65535';
            },
        },
        spacing => {
            _doc => <<'DOC',
Seconds between pings, 0.02..60. B<pings> times this, and some seconds, have to be less than the step.
B<timeout> grows with it by itself.
DOC
            _default => 0.5,
            _example => 1,
            _re => '\d*\.?\d+',
            _sub => sub {
                my $value = shift;
                return $value >= 0.02 && $value <= 60 ? undef : 'ERROR: spacing is 0.02..60 seconds';
            },
        },
        packetsize => {
            _doc => 'UDP payload of each datagram, 64..65507 bytes.',
            _default => 200,
            _example => 1400,
            _re => '\d+',
            _sub => sub {
                my $value = shift;
                return $value >= 64 && $value <= 65507 ? undef : 'ERROR: packetsize is 64..65507';
            },
        },
        dscp => {
            _doc => 'DSCP of the datagrams, 0..63 or a name as udperf knows them.',
            _example => 'EF',
            _re => '\w+',
            _sub => sub {
                my $value = shift;
                return $value =~ /^(?:\d|[1-5]\d|6[0-3]|EF|VA|LE|CS[0-7]|AF[1-4][1-3])$/i
                    ? undef : "ERROR: dscp is 0..63 or one of EF, VA, LE, CS0..CS7, AF11..AF43, not '$value'";
            },
        },
        ipversion => {
            _doc => '4 or 6; as the name resolves where it is not given.',
            _example => 6,
            _re => '[46]',
        },
        localaddress => {
            _doc => 'The local address to send from.',
            _example => '192.0.2.1',
            _re => '[0-9A-Fa-f.:]+(%[\w.@-]+)?',    # with an interface: eth0.7, br-lan
        },
        keyfile => {
            _doc => 'The key that the server wants, as udperf-keygen(1) writes it.',
            _example => '/etc/udperf/key',
            _re => '/.*',
        },
    });
}

sub ProbeDesc {
    my $self = shift;
    return 'UDP round trips by udperf';
}

# The command line for a target, as a list: no shell reads it.
sub command {
    my ($self, $target) = @_;
    my $vars = $target->{vars};
    # udperf rejects what is no host; an address cannot begin with the sign of an option.
    croak "ERROR: no host: '$target->{addr}'" if $target->{addr} =~ /^-/;
    my $rate = sprintf '%.0f', $vars->{packetsize} * 8 / $vars->{spacing};
    my @command = (
        $self->{properties}{binary}, 'client', $target->{addr}, '--json', '--quiet',
        '--port', $vars->{port}, '--direction', 'both', '--packets', $self->pings($target),
        '--packet-size', $vars->{packetsize}, '--rate', $rate < 1 ? 1 : $rate,
        # Two round trips a ping, so that there is one for each.
        '--interval', sprintf('%.0fus', $vars->{spacing} / 2 * 1e6),
    );
    push @command, '--dscp', $vars->{dscp} if defined $vars->{dscp};
    push @command, "-$vars->{ipversion}" if defined $vars->{ipversion};
    push @command, '--bind', $vars->{localaddress} if defined $vars->{localaddress};
    push @command, '--key-file', $vars->{keyfile} if defined $vars->{keyfile};
    return @command;
}

# The result document of a test, or undef where there is none.
sub document {
    my ($self, @command) = @_;
    $self->do_debug("Executing @command");
    open my $out, '-|', @command or do {
        $self->do_log("ERROR: cannot run $command[0]: $!");
        return undef;
    };
    my $text = do { local $/; <$out> };
    close $out;    # its status is in the document, too
    my $document = eval { decode_json($text // '') };
    $self->do_log("ERROR: no result of $command[0]: $@") unless ref $document eq 'HASH';
    return ref $document eq 'HASH' ? $document : undef;
}

# Why a test has not all its figures, which may look like loss and is none; undef where it has.
sub complaint {
    my $document = shift;
    my $status = $document->{status} // 'unknown';
    return undef if $status eq 'complete';
    my $error = ref $document->{error} eq 'HASH' ? $document->{error}{message} // '' : '';
    return "the test is $status" . ($error eq '' ? '' : ": $error");
}

# `count` of these values, evenly spread over them; where there are fewer, some stand for their neighbours, too.
sub spread {
    my ($count, @values) = @_;
    return () unless @values;
    return map { $values[int($_ * @values / $count)] } 0 .. $count - 1;
}

# The sorted round trips of a document in seconds: one for each ping that is not lost. A ping whose round trip was not
# measured is no lost one: a round trip beside it stands for it.
sub round_trips {
    my ($document, $pings) = @_;
    my ($up, $down) = @{$document}{qw(up down)};
    return () unless ref $up eq 'HASH' && ref $down eq 'HASH';
    my @times;
    my $either = 0;    # pings of which one datagram or both are missing
    for my $i (0 .. $#{ $up->{intervals} }) {
        my ($there, $back) = ($up->{intervals}[$i], $down->{intervals}[$i]);
        my ($out, $in) = ($there->{lost} // 0, $back ? $back->{lost} // 0 : 0);
        $either += $out > $in ? $out : $in;
        push @times, $there->{rtt_p50_ns} / 1e9 if defined $there->{rtt_p50_ns};
    }
    # The totals are exact; an interval may have one datagram of a ping and its neighbour the other.
    my @missing = sort { $a <=> $b } map { $pings - ($_->{rx}{unique} // 0) } $up, $down;
    my $lost = $either;
    $lost = $missing[1] if $lost < $missing[1];
    $lost = $missing[0] + $missing[1] if $lost > $missing[0] + $missing[1];
    $lost = $pings if $lost > $pings;
    return sort { $a <=> $b } spread($pings - $lost, @times);
}

sub pingone {
    my ($self, $target) = @_;
    my $document = $self->document($self->command($target));
    return () unless $document;
    my $complaint = complaint($document);
    $self->do_log("WARNING: $target->{addr}: $complaint") if defined $complaint;
    return round_trips($document, $self->pings($target));
}

# The least timeout for such a test: it times `pings` is what the process has, and then it is killed.
sub least_timeout {
    my ($spacing, $pings) = @_;
    return ceil($spacing + $AROUND / $pings);
}

sub ping {
    my $self = shift;
    for my $target (@{$self->targets}) {
        my $least = least_timeout($target->{vars}{spacing}, $self->pings($target));
        my $timeout = $target->{vars}{timeout};
        $target->{vars}{timeout} = $least unless defined $timeout && $timeout > $least;
    }
    return $self->SUPER::ping(@_);
}

1;
