#!/bin/sh
# CNI plugin, the first of a node's: lets addresses of IPv6 be used at once. Plugins wait up to two seconds for each pod until the kernel
# has asked whether somebody else has its address (RFC 4862, section 5.4), and nobody can.
case $CNI_COMMAND in
  ADD)
    nsenter --net="$CNI_NETNS" sh -c 'echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad'
    echo '{"cniVersion":"1.0.0"}'
    ;;
  VERSION) echo '{"cniVersion":"1.0.0","supportedVersions":["1.0.0"]}' ;;
esac
