#!/bin/sh
# First process of a machine: lays out its file system, says "ready", then only buries processes.
# usage: machine-init.sh FOLDER PAUSE
# Runs in mount, network and process namespaces of its own. What containerd, the kubelet and plugins write to fixed places goes to
# FOLDER or to memory, so that machines do not meet there and nothing is left behind when the namespaces end.
set -eu
folder=$1

mount --make-rprivate /
memory=$folder/memory
mkdir -p "$memory"
mount -t tmpfs -o mode=755 tmpfs "$memory"
for place in /etc /opt /var/lib /var/log /usr/libexec; do
  [ -d "$place" ] || continue
  own=$memory$place
  mkdir -p "$own/upper" "$own/work"
  mount -t overlay -o "lowerdir=$place,upperdir=$own/upper,workdir=$own/work" overlay "$place"
done
mount -t tmpfs -o mode=755 tmpfs /run

# Large, or of a file system that an overlay can lie on.
for place in /var/lib/containerd /var/lib/kubelet /var/lib/etcd /var/log/pods; do
  mkdir -p "$place" "$folder$place"
  mount --bind "$folder$place" "$place"
done
mkdir -p /opt/cni/bin /etc/cni/net.d
[ ! -d /usr/lib/cni ] || ln -s /usr/lib/cni/* /opt/cni/bin/
ln -s "$(dirname "$0")/cni-no-dad.sh" /opt/cni/bin/no-dad
# Pods may ask for what is mounted by others to be seen by all.
mount --make-rshared /
ip link set lo up
echo 1 > /proc/sys/net/ipv4/ip_forward
echo 1 > /proc/sys/net/ipv6/conf/all/forwarding
# Of links that are still to come, which are those of pods; as in cni-no-dad.sh.
echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad

echo ready
exec "$2"
