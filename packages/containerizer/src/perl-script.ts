// The Perl text of the launcher and its shims: the quick way, where there is a `perl`. It is constant: ids,
// paths, arguments and variables reach it as data only, on its input and in spec files.

/**
 * Read as: a loop that reads `launch <id>` and forks a shim for each.
 *
 * It does what the shell script does, with the system calls a shell has no word for, so that nothing but the
 * command itself is executed: `setsid`, the exact wait status, and above all `PR_SET_CHILD_SUBREAPER`. By that
 * the kernel makes every orphaned descendant a child of the shim, whatever it did to hide. When the shim has
 * no child left the container has no process left, and the shim says so: `empty`.
 *
 * - A shim takes a launch by creating the journal with O_EXCL: a launch that is sent twice runs once.
 * - It ignores the signals a stopping service gets, and gives them back to the command.
 * - Only the modules of Debian's `perl-base` are used. Files above the third are closed on `exec`.
 */
export const PERL_SCRIPT = `# Kaon: starts the containers of one agent. Written anew at each start; edits are lost.
use strict;
use POSIX ();

my ($base) = @ARGV;
my @unharmed_by = qw(HUP INT QUIT TERM PIPE ALRM USR1 USR2);
my $machine = (POSIX::uname())[4];
my $prctl = {
  x86_64 => 157, aarch64 => 167, riscv64 => 167, loongarch64 => 167, ppc64le => 171, s390x => 172,
}->{$machine};
my $PR_SET_CHILD_SUBREAPER = 36;
umask 022;

sub report { syswrite STDOUT, "@_\\n" }

sub program {
  for my $folder (split /:/, $ENV{PATH}) {
    return "$folder/$_[0]" if $folder =~ m{^/} && -f "$folder/$_[0]" && -x _;
  }
  return '';
}

# Pid and start time of the process that calls it.
sub identity {
  open my $file, '<', '/proc/self/stat' or return '';
  sysread $file, my $stat, 4096;
  $stat =~ s/^.*\\) //s;
  return "$$ " . (split / /, $stat)[19];
}

# Lists of kind and text; a line that starts with + belongs to the text before.
sub read_spec {
  open my $file, '<', $_[0] or return;
  local $/;
  my @items;
  for (split /\\n/, <$file>) {
    my ($kind, $text) = (substr($_, 0, 1), substr($_, 1));
    if ($kind eq '+') { $items[-1][1] .= "\\n$text" } else { push @items, [$kind, $text] }
  }
  return @items;
}

sub become_command {
  my ($id, $journal, $me, @items) = @_;
  my ($sandbox, $opens_output, $program, @words, %environment);
  for (@items) {
    my ($kind, $text) = @$_;
    if ($kind eq 'd') { $sandbox = $text }
    elsif ($kind eq 'o') { $opens_output = 1 }
    elsif ($kind eq 'e') { my ($name, $value) = split /=/, $text, 2; $environment{$name} = $value }
    elsif ($kind eq 's') { $environment{$text} = $sandbox }
    elsif ($kind eq 'i') { $environment{KAON_CONTAINER_ID} = $id }
    elsif ($kind eq 'p') { $program = $text }
    elsif ($kind eq '=') { push @words, $text }
  }
  $program = $words[0] unless defined $program;
  my $fail = sub { syswrite $journal, "$_[0]: $!\\n"; POSIX::_exit(1) };

  POSIX::setsid();
  chdir $sandbox or $fail->("cannot enter $sandbox");
  open my $reports, '>&', \\*STDOUT or $fail->('cannot keep the pipe');
  open STDOUT, '>>', $opens_output ? 'stdout' : '/dev/null' or $fail->('cannot open stdout');
  if ($opens_output) { open STDERR, '>>', 'stderr' or $fail->('cannot open stderr') }
  else { open STDERR, '>&', $journal or $fail->('cannot open the journal') }
  my $task = identity();
  syswrite $journal, "task $task\\n";
  syswrite $reports, "started $id $task $me\\n";
  $SIG{$_} = 'DEFAULT' for @unharmed_by;
  %ENV = %environment;
  { no warnings; exec { $program } @words }
  my $code = $! == POSIX::ENOENT() ? 127 : 126;
  syswrite STDERR, "cannot execute $program: $!\\n";
  POSIX::_exit($code);
}

sub be_shim {
  my ($id) = @_;
  $0 = "kaon-shim $id";
  $SIG{$_} = 'IGNORE' for @unharmed_by;
  $SIG{CHLD} = 'DEFAULT';
  open STDIN, '<', '/dev/null';
  my $me = identity();
  my $flags = POSIX::O_WRONLY() | POSIX::O_CREAT() | POSIX::O_EXCL() | POSIX::O_APPEND();
  sysopen my $journal, "$base/$id/state", $flags, 0600 or return;
  syswrite $journal, "shim $me 1\\n";
  my $is_reaper = $prctl && syscall($prctl, $PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0;
  my @items = read_spec("$base/$id/spec") or return;

  my $task = fork;
  if (!defined $task) {
    syswrite $journal, "cannot fork: $!\\n";
    return report("exited $id 1");
  }
  become_command($id, $journal, $me, @items) if $task == 0;

  my $pid;
  do { $pid = waitpid -1, 0 } until $pid == $task || ($pid < 0 && $! != POSIX::EINTR());
  my $signal = $? & 127;
  my $end = $signal ? "killed " . $signal : "exited " . ($? >> 8);
  do { $pid = waitpid -1, POSIX::WNOHANG() } while $pid > 0;
  my $is_empty = $is_reaper && $pid < 0;
  syswrite $journal, $is_empty ? "$end\\nempty\\n" : "$end\\n";
  my ($how, $number) = split / /, $end;
  report("$how $id $number" . ($is_empty ? ' empty' : ''));
  return if $is_empty || !$is_reaper;

  # What the command left behind: it is this shim's to bury, and to say when it is gone.
  do { $pid = waitpid -1, 0 } while $pid > 0 || $! == POSIX::EINTR();
  syswrite $journal, "empty\\n";
  report("empty $id");
}

sub launch {
  my ($id) = @_;
  my $shim = fork;
  if (defined $shim) {
    return if $shim;
    be_shim($id);
    POSIX::_exit(0);
  }
  my $problem = "$!";
  my $flags = POSIX::O_WRONLY() | POSIX::O_CREAT() | POSIX::O_EXCL();
  sysopen my $journal, "$base/$id/state", $flags, 0600 or return;
  syswrite $journal, "cannot fork: $problem\\n";
  report("exited $id 1");
}

sub account {
  my ($name) = @_;
  my @found = getpwnam $name;
  report(@found ? "user $name $found[2] $found[3]" : "user $name");
}

$SIG{CHLD} = 'IGNORE';
report(join ' ', 'ready', 'direct=1', 'proc=' . (identity() eq '' ? '' : '/proc'),
  map { "$_=" . program($_) } qw(sh env setpriv bash));
my $input = '';
while (sysread STDIN, $input, 65536, length $input) {
  while ($input =~ s/^([^\\n]*)\\n//) {
    my ($word, $text) = split / /, $1, 2;
    if ($word eq 'launch') { launch($text) }
    elsif ($word eq 'user') { account($text) }
  }
}
`;
