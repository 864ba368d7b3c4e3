/**
 * Rule: programs — Perl's programs that serve and that ask, for the bench of the balancer.
 *
 * 1. The one that asks is told what by a line (`kept ADDRESS PORT`) and answers with one line.
 * 2. They do next to nothing of their own, so that what is measured is the kernel's path.
 */

/** Ports at which the backends serve. */
export const SERVED = { kept: 8_080, opened: 8_081, who: 8_082, bulk: 8_083 } as const;

/** Requests of one measurement, over so many connections that are kept. */
const REQUESTS = 30_000;
const KEPT = 20;
/** Connections of one measurement. */
const OPENED = 4_000;

const PRELUDE = `
use strict; use Socket; use Time::HiRes 'time'; $| = 1;
sub fresh { socket(my $s, PF_INET, SOCK_STREAM, 0) or die "socket: $!"; return $s }
sub serving {
  my $s = fresh(); setsockopt($s, SOL_SOCKET, SO_REUSEADDR, 1);
  bind($s, pack_sockaddr_in($_[0], INADDR_ANY)) or die "bind: $!";
  listen($s, 1024) or die "listen: $!"; return $s;
}
sub opened {
  my $s = fresh(); connect($s, $_[0]) or die "connect: $!";
  setsockopt($s, 6, 1, 1); return $s;
}`;

/** Three servers of one backend, or of many that have their addresses in one namespace. */
export const SERVER = `${PRELUDE}
$SIG{CHLD} = 'IGNORE';
my ($kept, $opened, $who) = map { serving($_) } ${SERVED.kept}, ${SERVED.opened}, ${SERVED.who};
if (!fork) {
  while (accept(my $one, $opened)) {
    sysread($one, my $said, 64); syswrite($one, 'x'); close($one);
  }
  exit;
}
if (!fork) {
  while (accept(my $one, $who)) {
    my (undef, $host) = unpack_sockaddr_in(getsockname($one));
    syswrite($one, inet_ntoa($host)); close($one);
  }
  exit;
}
print "up\\n";
while (accept(my $one, $kept)) {
  next if fork;
  setsockopt($one, 6, 1, 1);
  while (sysread($one, my $said, 64)) { syswrite($one, $said) or last }
  exit;
}`;

/**
 * The one that asks. `kept`: requests a second. `opened`: connections a second, each with a request
 * and reset after its answer, so that no port has to wait. `who`: own addresses and backends, and
 * how often.
 */
export const CLIENT = `${PRELUDE}
sub kept {
  my ($to) = @_; my @all = map { opened($to) } 1 .. ${KEPT};
  my ($said, $start) = ('', time);
  for (1 .. ${REQUESTS} / ${KEPT}) {
    for (@all) {
      syswrite($_, 'x') or die "write: $!"; sysread($_, $said, 64) or die "read: $!";
    }
  }
  return ${REQUESTS} / (time - $start);
}
sub opens {
  my ($to) = @_; my $start = time;
  for (1 .. ${OPENED}) {
    my $s = fresh(); connect($s, $to) or die "connect: $!";
    syswrite($s, 'x'); sysread($s, my $said, 64) or die "read: $!";
    setsockopt($s, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0)); close($s);
  }
  return ${OPENED} / (time - $start);
}
sub who {
  my ($to, $count, @own) = @_; my %seen;
  for my $at (1 .. $count) {
    my $own = $own[$at % @own]; my $s = fresh();
    bind($s, pack_sockaddr_in(0, inet_aton($own))) or die "bind $own: $!";
    connect($s, $to) or die "connect: $!";
    sysread($s, my $said, 64); $seen{"$own $said"} += 1; close($s);
  }
  return join ',', map { "$_ $seen{$_}" } sort keys %seen;
}
my %verbs = (kept => \\&kept, opened => \\&opens, who => \\&who);
print "up\\n";
while (<STDIN>) {
  my ($verb, $host, $port, @rest) = split;
  print $verbs{$verb}->(pack_sockaddr_in($port, inet_aton($host)), @rest), "\\n";
}`;
