#!/bin/sh
# Build the file system that a submission sees, go into it for good, and run a command there.
#
#   sandbox.sh ROOT UID READABLE... -- COMMAND...
#
# Run by unshare(1) in namespaces of its own. ROOT is an empty folder; READABLE are the only files
# and folders of this computer that appear in it, at their own places and read-only. With "stay" for
# UID the command keeps its rights, to go on from there: inside/prepare.py.
#
# Why not bubblewrap: started by root, it makes the user inside root outside, as whom a submission
# would be counted and could be confused with another; started as a user of its own, it cannot bind a
# Python that lies in a folder of root's, such as /root/.pyenv, which here is bound before root is
# given up. And it is not on most computers, as util-linux is.
set -eu
umask 022  # the user who goes in has to find its way, whatever the umask outside
root=$1 uid=$2
shift 2

# Make a folder read-only, with all that is mounted below it, each by itself. The kernel's list has
# a space in a name as \040.
protect() {
    while read -r _ _ _ _ point _; do
        case $point in
        *\\*) point=$(printf %b "$(printf %s "$point" | sed 's/\\\([0-7]\{3\}\)/\\0\1/g')") ;;
        esac
        case $point in
        "$1" | "$1"/*) mount -o remount,bind,ro,nosuid "$point" ;;
        esac
    done </proc/self/mountinfo
}

mount -t tmpfs -o size=16m,mode=755,nosuid,nodev tmpfs "$root"
# First, since Python or the course may lie below one of these.
for folder in tmp submission dev/shm; do
    mkdir -p "$root/$folder"
    mount -t tmpfs -o size=128m,mode=777,nosuid,nodev tmpfs "$root/$folder"
done
while [ "$1" != -- ]; do
    if [ -L "$1" ]; then
        mkdir -p "$root${1%/*}" && cp -P "$1" "$root$1"
    elif [ -d "$1" ]; then
        mkdir -p "$root$1" && mount --rbind "$1" "$root$1"
        protect "$root$1"
    elif [ -e "$1" ]; then
        mkdir -p "$root${1%/*}" && : >"$root$1" && mount --bind "$1" "$root$1"
        mount -o remount,bind,ro,nosuid "$root$1"
    fi
    shift
done
shift

mkdir -p "$root/proc" "$root/dev/pts"
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
for device in null zero full random urandom; do
    : >"$root/dev/$device" && mount --bind "/dev/$device" "$root/dev/$device"
done
ln -s /proc/self/fd "$root/dev/fd"
mount -t devpts -o newinstance,ptmxmode=666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
mount -o remount,bind,ro,nosuid,nodev "$root"

if [ "$uid" = stay ]; then
    exec chroot "$root" "$@"
fi
identity=
if [ "$uid" != 0 ]; then
    identity="--reuid=$uid --regid=$uid --clear-groups"
fi
# shellcheck disable=SC2086
exec chroot "$root" setpriv $identity --no-new-privs --bounding-set=-all --inh-caps=-all "$@"
