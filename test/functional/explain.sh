# What explain predicts is what a run then finds: modes, user copies, which paths enter the kernel.
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh

# shellcheck source=test/functional/lib.sh
. "$(dirname "$0")/lib.sh"

need setpriv
# Offloads off: no super-frame is cut, so each packet costs what its path does.
bp_lab mtu=1500 offloads=off

# explain NAME: as a user without any privilege sees it; the port's devices stay untouched.
explain()
{
	in_mid setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set -all \
		"$BYPATH" explain "$1" --json >"$BP_TMP/explain.json" 2>"$BP_TMP/explain.log" ||
		fail "explain $1 ends with code $?"
}

modes()
{
	bp_get "$1" "[(p['name'], p['mode'], p['device_driver'], p['kind']) for p in r['ports']]"
}

# Per path: user copies that bypath makes for a packet; whether packets cost calls.
modelled()
{
	bp_get "$1" "sorted((p['in'], p['out'], (m := p['modelled'])['user_copies_by_bypath']['lo'],
		m['user_copies_by_bypath']['hi'],
		m['crossings']['per_packet'] + m['crossings']['per_batch'] > 0) for p in r['paths'])"
}

counted()
{
	bp_get "$1" "sorted((p['in'], p['out'], u := p['counted']['user_copies_per_packet'], u,
		p['counted']['crossings'] > 0) for p in r['paths'])"
}

# same TEXT TEXT: equal, 0 and 0.0 being the same number.
same()
{
	"$BP_PYTHON" -c 'import ast, sys; a, b = map(ast.literal_eval, sys.argv[1:]); sys.exit(a != b)' \
		"$1" "$2"
}

# agree NAME: explain, run, compare.
agree()
{
	chmod 755 "$BP_TMP" && chmod 644 "$BP_TMP/$1.ini"
	explain "$BP_TMP/$1.ini"
	ip -n mid -d link show w0 | grep -q 'prog/xdp' && fail "$1: explain attached an XDP program"
	bp_start "$1"
	bp_wait_forwarding 20
	in_h1 ping -q -c 50 -i 0.01 10.77.0.2 >/dev/null || fail "$1: ping"
	bp_stop "$1"
	predicted=$(modes explain)
	effective=$(modes "$1")
	[ "$predicted" = "$effective" ] || fail "$1: predicted $predicted, effective $effective"
	model=$(modelled explain)
	same "$model" "$(modelled "$1")" || fail "$1: the report's model is another"
	truth=$(counted "$1")
	same "$model" "$truth" || fail "$1: modelled $model, counted $truth"
	note "$1: $effective"
	note "$1: $truth"
}

bp_pair socket af_packet-socket w0 af_packet-socket w1
agree socket
bp_pair mmap af_packet-mmap w0 af_packet-mmap w1
agree mmap
bp_pair send af_packet-mmap w0 af_packet-mmap w1
sed -i 's/^mode = mmap$/&\ntx = send/' "$BP_TMP/send.ini"
agree send
bp_pair loan af_packet-mmap w0 af_packet-socket w1
agree loan
if [ -z "$(bp_driver_missing af_xdp)" ]; then
	bp_pair skb af_xdp-skb w0 af_xdp-skb w1
	agree skb
	bp_pair native af_xdp-native w0 af_packet-mmap w1
	agree native
	printf '[port.wan]\ndriver = af_xdp\ndevice = w0\n[port.lan]\ndriver = af_xdp\ndevice = w1\n[forward]\nwan = lan\nlan = wan\n' |
		bp_ini auto
	agree auto
fi
# inside NAME: packets that the kernel carries are in no other domain behind the device, and make no call.
inside()
{
	for _document in explain "$1"; do
		bp_expect "$_document" "all(p['hops'][0]['from'] == 'device' and p['hops'][-1]['to'] == 'device' and
			{d for h in p['hops'] for d in (h['from'], h['to'])} == {'device', 'kernel'} and
			not any(h['system_call'] for h in p['hops']) and not any(p['modelled']['crossings'].values())
			for p in r['paths'])" "r['paths']"
	done
	bp_expect "$1" "all(p['counted_by'] == 'reported' and p['counted']['packets'] > 50 for p in r['paths'])" "r['paths']"
}

if [ -z "$(bp_driver_missing kernel)" ]; then
	bp_pair tc kernel-tc w0 kernel-tc w1
	agree tc
	inside tc
	bp_expect explain "all(p['carried'] and p['modelled']['kernel_copies']['hi'] == 0 for p in r['paths'])" "r['paths']"
	in_h1 ethtool -K e0 gro on >/dev/null 2>&1
	in_h2 ethtool -K e0 gro on >/dev/null 2>&1
	bp_pair xdp kernel-xdp w0 kernel-xdp w1
	agree xdp
	inside xdp
	bp_expect explain "all([h['mover'] for h in p['hops'] if h['kernel_copies']['value']['hi']] == ['skb_pp_cow_data']
		for p in r['paths'])" "r['paths']"
fi
if [ -z "$(bp_driver_missing dpdk)" ]; then
	bp_pair dpdk dpdk-af_packet w0 af_packet-socket w1
	agree dpdk
fi
if [ -z "$(bp_driver_missing pcap)" ]; then
	bp_pair live pcap-live w0 pcap-live w1
	agree live
fi

# The text says what it rests on: nothing was opened, a device is missing, a device is unknown.
printf '[port.a]\ndriver = af_packet\ndevice = nowhere0\n[port.b]\ndriver = dpdk\ndevice = net_bonding0\n[forward]\na = b\n' |
	bp_ini odd
"$BYPATH" explain "$BP_TMP/odd.ini" >"$BP_TMP/odd.log" || fail "explain of a missing device"
for words in 'no port was opened' 'no interface nowhere0 here' 'assumed' 'not modelled'; do
	grep -q "$words" "$BP_TMP/odd.log" || fail "explain does not say '$words'"
done
