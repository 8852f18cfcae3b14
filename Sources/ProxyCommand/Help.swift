func version(of program: StaticString) -> String { "\(program) (Postern) 0.1.0" }

func help(of program: StaticString) -> String {
  """
  Usage: \(program) -p PATH {-s SOCKET -u UID -g GID | -f FD} [OPTION]...
  Let an unprivileged QEMU share a directory with its guest (-fsdev proxy).

    -p, --path PATH      directory to export
    -s, --socket SOCKET  listen on this socket for QEMU, which runs as
    -u, --uid USER         the user and
    -g, --gid GROUP        the group, number or name
    -f, --fd FD          or use this inherited, connected socket
    -n, --nodaemon       stay in the foreground and log to standard error
        --readonly       serve the export read-only
        --file-capabilities WHAT  allow or refuse (default) file capabilities,
                         which setcap in the guest sets
        --uid-map GUEST:HOST:COUNT  map users: the guest's COUNT from GUEST on are
        --gid-map GUEST:HOST:COUNT  the host's from HOST on; or groups; repeatable
        --sandbox KIND   namespace: nothing outside PATH can be reached, even
                         through descriptors that QEMU holds; chroot: what needs
                         less privilege; none; auto (default): the first of
                         namespace and chroot that works
        --seccomp MODE   on a system call that serving doesn't need: kill the
                         process (default), log it, or none
        --poll HOW       look for the next request before sleeping: auto: where
                         that is faster (default); never; or MICROSECONDS
    -h, --help           print this and exit
        --version        print the version and exit

  As root it keeps seven capabilities of root's. As an ordinary user the guest's
  root is that user, and its other users are the user's ids in /etc/subuid.

  Examples:
    sudo \(program) -p /srv/share -s /run/sh.sock -u $(id -u) -g $(id -g)
    qemu-system-x86_64 ... -fsdev proxy,id=fs0,socket=/run/sh.sock \\
      -device virtio-9p-pci,fsdev=fs0,mount_tag=share
    and in the guest:
    mount -t 9p -o trans=virtio,version=9p2000.L share /mnt

  """
}
