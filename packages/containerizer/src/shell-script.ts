// The shell text of the launcher and its shims, for machines without `perl`. It is constant: ids, paths,
// arguments and variables reach it as data only, on its input and in spec files. POSIX `sh`.

/**
 * Read as: a loop that reads `launch <id>` and forks a shim for each.
 *
 * - The shim is forked by a shell in between, which the shim then kills. A background job (`&`) would be
 *   simpler, but POSIX has it ignore SIGINT and SIGQUIT, and what is ignored stays so in the command.
 * - The shim takes a launch by creating the journal, which only one can (`set -C` opens with O_EXCL): a
 *   launch that is sent twice, because a launcher died, runs once.
 * - The command runs in the foreground of the shim, so the shell has the status; traps keep the shim alive
 *   until it has written it. The report on the pipe comes after, and may find nobody to read it.
 * - `/proc/self` is the process that opens it: the way to learn the pid of a subshell without a program.
 */
export const SHELL_SCRIPT = `# Kaon: starts the containers of one agent. Written anew at each start; edits are lost.
umask 022
kaon_path=$PATH
unset PATH
PATH=$kaon_path
kaon_base=$1
kaon_newline='
'

# Sets kaon_pid and kaon_start of the process that calls it.
kaon_identify() {
  read -r kaon_stat < /proc/self/stat
  kaon_pid=\${kaon_stat%% *}
  set -- \${kaon_stat##*) }
  kaon_start=\${20}
}

kaon_shim() {
  kaon_id=$1
  kaon_dir=$kaon_base/$1
  trap : HUP INT TERM
  kaon_identify
  kaon_me="$kaon_pid $kaon_start"
  set -C
  { printf 'shim %s %s\\n' "$kaon_me" "$kaon_notes" > "$kaon_dir/state"; } 2>/dev/null || exit 0
  set +C
  exec 2>>"$kaon_dir/state"

  set --
  kaon_sandbox= kaon_output= kaon_word= kaon_seen=
  while IFS= read -r kaon_line; do
    case $kaon_line in
      =*)
        if [ -n "$kaon_seen" ]; then set -- "$@" "$kaon_word"; fi
        kaon_seen=1 kaon_word=\${kaon_line#?} ;;
      +*) kaon_word=$kaon_word$kaon_newline\${kaon_line#?} ;;
      e*) export "\${kaon_line#?}" ;;
      s*) export "\${kaon_line#?}=$kaon_sandbox" ;;
      i) export KAON_CONTAINER_ID="$kaon_id" ;;
      d*) kaon_sandbox=\${kaon_line#?} ;;
      o) kaon_output=1 ;;
    esac
  done < "$kaon_dir/spec"
  set -- "$@" "$kaon_word"

  (
    kaon_identify
    cd -- "$kaon_sandbox" || exit 1
    unset PWD OLDPWD
    exec 3>&1 4>&2
    if [ -n "$kaon_output" ]; then exec >>stdout 2>>stderr; else exec >/dev/null; fi
    printf 'task %s %s\\n' "$kaon_pid" "$kaon_start" >&4
    trap '' PIPE
    printf 'started %s %s %s %s\\n' "$kaon_id" "$kaon_pid" "$kaon_start" "$kaon_me" 2>/dev/null >&3
    trap - PIPE
    exec 3>&- 4>&-
    exec "$@"
  )
  kaon_status=$?
  printf 'exited %s\\n' "$kaon_status" >&2
  trap '' PIPE
  printf 'exited %s %s\\n' "$kaon_id" "$kaon_status" 2>/dev/null
  exit 0
}

kaon_account() {
  if kaon_uid=$(id -u -- "$1") && kaon_gid=$(id -g -- "$1"); then
    printf 'user %s %s %s\\n' "$1" "$kaon_uid" "$kaon_gid"
  else
    printf 'user %s\\n' "$1"
  fi
}

exec 2>/dev/null
kaon_env=$(command -v env)
kaon_probe=$( ( cd /; unset PWD OLDPWD; export KAON_PROBE=1; exec "$kaon_env" ); : )
kaon_exports=0
if [ "$kaon_probe" = KAON_PROBE=1 ]; then kaon_exports=1; fi
kaon_probe=$( { ( exec sh -c 'kill -TERM $$' ); :; } 2>&1 )
kaon_notes=0
if [ -n "$kaon_probe" ]; then kaon_notes=1; fi
kaon_proc=
if [ -r /proc/self/stat ]; then kaon_proc=/proc; fi
printf 'ready proc=%s setsid=%s env=%s sh=%s setpriv=%s bash=%s exports=%s\\n' "$kaon_proc" \\
  "$(command -v setsid)" "$kaon_env" "$(command -v sh)" "$(command -v setpriv)" "$(command -v bash)" "$kaon_exports"

while IFS= read -r kaon_line; do
  case $kaon_line in
    'launch '*)
      (
        set -- /proc/self/task/*
        ( kill -KILL "\${1##*/}"; kaon_shim "\${kaon_line#launch }" )
        :
      ) </dev/null ;;
    'user '*) kaon_account "\${kaon_line#user }" ;;
  esac
done
`;
