# Has bash complete the words of virtfs-proxy-helper. It goes to bash-completion/completions/virtfs-proxy-helper in a
# directory of shared data, such as /usr/local/share.
_virtfs_proxy_helper() {
  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local options="-p --path -s --socket -u --uid -g --gid -f --fd -n --nodaemon --readonly --uid-map --gid-map"
  options+=" --sandbox --file-capabilities --seccomp --poll -h --help --version"
  COMPREPLY=()
  case $previous in
    -p | --path) mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
    -s | --socket) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
    --sandbox) mapfile -t COMPREPLY < <(compgen -W "auto namespace chroot none" -- "$word") ;;
    --file-capabilities) mapfile -t COMPREPLY < <(compgen -W "allow refuse" -- "$word") ;;
    --seccomp) mapfile -t COMPREPLY < <(compgen -W "kill log none" -- "$word") ;;
    --poll) mapfile -t COMPREPLY < <(compgen -W "auto never" -- "$word") ;;
    -u | --uid) mapfile -t COMPREPLY < <([ -z "$word" ] || compgen -u -- "$word") ;;
    -g | --gid) mapfile -t COMPREPLY < <([ -z "$word" ] || compgen -g -- "$word") ;;
    -f | --fd | --uid-map | --gid-map) ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word") ;;
  esac
}
complete -o filenames -F _virtfs_proxy_helper virtfs-proxy-helper
