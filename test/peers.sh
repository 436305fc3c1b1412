#!/usr/bin/env bash
# Installs, on Debian or Ubuntu and as root, the real peers that siteward is tested against. Without them the tests that
# need them say so and are skipped (and fail when CI=true).
set -euo pipefail

packages=(
  snmpd snmp snmpsim          # SNMP agents and a client
  prometheus-snmp-exporter    # the benchmarks' other sides
  prometheus-ipmi-exporter
  openssh-server openssh-client
  openipmi ipmitool freeipmi-tools
  prometheus-ipmi-exporter    # its values are compared with siteward's
  libmodbus-dev socat gcc libc6-dev
  iputils-ping openssl zsh
  prometheus prometheus-alertmanager
  chromium fonts-noto-cjk     # the status page and reports are looked at, reports are printed
  poppler-utils               # reads what was printed (pdftotext)
  systemd systemd-container dpkg  # units are rated, and the Debian package installed in a machine of its own
)

if [ "$(id -u)" -ne 0 ]; then
  echo "run as root: sudo bash test/peers.sh" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
# The packages' own services must not start: the tests start what they need, on free ports.
policy=/usr/sbin/policy-rc.d
made=
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
  made=yes
fi
trap '[ -z "$made" ] || rm -f "$policy"' EXIT
apt-get update -q
apt-get install -y -q --no-install-recommends "${packages[@]}"
