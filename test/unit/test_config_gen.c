/* The generator's sections: values, what is refused with which words. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_case.h"

#include <stdlib.h>
#include <string.h>

#define PORTS "[port.a]\ndriver = null\n[port.b]\ndriver = tap\ndevice = t\n"
#define GEN   PORTS "[gen]\ntx = a\nrx = b\n"
#define RATE  ", allowed: max, or a number with pps, bps, bpsl1 (k, m, g before them) or %\n"
#define SIZE                                                                              \
	", allowed: imix, or up to 8 sizes of 64..9022 bytes as 64,1518 or with weights " \
	"64:7,594:4\n"
#define ENCAP                                                                                   \
	", allowed: up to 8 of vlan:ID, qinq:ID, mpls:LABEL, vxlan:VNI, gre, gre:KEY, gretap, " \
	"gretap:KEY, from the outside, as qinq:100,vlan:200\n"
#define MAC  ", allowed: a unicast MAC address as 02:00:00:00:00:01, or FIRST-LAST\n"
#define ADDR ", allowed: an IPv4 or IPv6 address, or FIRST-LAST\n"

#define CASE(name_, ini_, ...)                          \
	{                                               \
		.name = name_, .ini = ini_, __VA_ARGS__ \
	}

static const struct config_case cases[] = {
	CASE("gen_needs_no_forward", GEN, .errors = NULL),
	CASE("sender_alone", "[port.a]\ndriver = null\n[gen]\ntx = a\n", .errors = NULL),
	CASE("null_invents_what_it_receives", "[port.a]\ndriver = null\n[gen]\nrx = a\n",
	     .errors =
		     "@:4: [gen] rx: found 'a', a null port, which makes its frames by itself: nothing "
		     "that was sent comes out of it\n"),
	CASE("a_capture_holds_nothing_that_is_sent",
	     "[port.a]\ndriver = null\n[port.b]\ndriver = pcap\ndevice = f\n[gen]\ntx = a\nrx = b\n",
	     .errors =
		     "@:8: [gen] rx: found 'b', a capture, which holds what was sent before: receive "
		     "without tx to count what is in it\n"),
	CASE("a_capture_is_counted_alone", "[port.b]\ndriver = pcap\ndevice = f\n[gen]\nrx = b\n",
	     .errors = NULL),
	CASE("port_outside_gen_is_used_nowhere", GEN "[port.c]\ndriver = null\n",
	     .errors = "@:9: [port.c]: is used nowhere: name it in [gen], or delete the section\n"),
	CASE("no_such_port", PORTS "[gen]\ntx = a\nrx = bb\n",
	     .errors = "@:3: [port.b]: is used nowhere: name it in [gen], or delete the section\n"
		       "@:8: [gen] rx: found 'bb', which is no port: add a section [port.bb]; did "
		       "you mean 'b'?\n"),
	CASE("announce", GEN, .sets = { "gen.announce=yes" }, .errors = NULL),
	CASE("announce_without_rx", "[port.a]\ndriver = null\n[gen]\ntx = a\nannounce = yes\n",
	     .errors =
		     "@:5: [gen] announce: found yes, which needs streams from tx to another port, "
		     "rx: name both, or delete the line\n"),
	CASE("announce_of_too_many", GEN,
	     .sets = { "gen.announce=yes", "stream.s.dst_mac=02:00:00:00:00:00-02:00:00:02:00:00" },
	     .errors = "--set stream.s.dst_mac=02:00:00:00:00:00-02:00:00:02:00:00: [stream.s] "
		       "dst_mac: found 131073 addresses, allowed with [gen] announce = yes: up to "
		       "100000\n"),
	CASE("a_third_port_watches", GEN "monitor = c\n[port.c]\ndriver = tap\ndevice = u\n",
	     .errors = NULL),
	CASE("a_monitor_is_another_port", GEN, .sets = { "gen.monitor=b" },
	     .errors = "--set gen.monitor=b: [gen] monitor: found 'b' beside tx = a and rx = b; "
		       "allowed: three different ports\n"),
	CASE("a_monitor_needs_both_others", PORTS "[gen]\ntx = a\nmonitor = b\n",
	     .errors =
		     "@:8: [gen] monitor: found 'b' without tx and rx: it is the third port beside "
		     "these two\n"),
	CASE("a_monitor_receives", GEN "monitor = c\n[port.c]\ndriver = null\n",
	     .errors =
		     "@:9: [gen] monitor: found 'c': a null port, which makes its frames by itself: "
		     "nothing that was sent comes out of it\n"),
	CASE("rates", GEN, .sets = { "gen.rate=5" },
	     .errors = "--set gen.rate=5: [gen] rate: found '5'" RATE),
	CASE("rate_of_nothing", GEN, .sets = { "gen.rate=0pps" },
	     .errors = "--set gen.rate=0pps: [gen] rate: found '0pps'" RATE),
	CASE("more_than_the_line", GEN, .sets = { "gen.rate=101%" },
	     .errors = "--set gen.rate=101%: [gen] rate: found '101%'" RATE),
	CASE("rate_in_hex", GEN, .sets = { "gen.rate=0x10pps" },
	     .errors = "--set gen.rate=0x10pps: [gen] rate: found '0x10pps'" RATE),
	CASE("unknown_key", GEN, .sets = { "gen.rat=5" },
	     .errors = "--set gen.rat=5: [gen] rat: unknown key; did you mean 'rate'?\n"),
	CASE("small_size", GEN, .sets = { "stream.s.size=63" },
	     .errors = "--set stream.s.size=63: [stream.s] size: found '63'" SIZE),
	CASE("nine_sizes", GEN, .sets = { "stream.s.size=64,65,66,67,68,69,70,71,72" },
	     .errors = "--set stream.s.size=64,65,66,67,68,69,70,71,72: [stream.s] size: found "
		       "'64,65,66,67,68,69,70,71,72'" SIZE),
	CASE("weight_of_nothing", GEN, .sets = { "stream.s.size=64:0" },
	     .errors = "--set stream.s.size=64:0: [stream.s] size: found '64:0'" SIZE),
	CASE("tagged_frames_need_68", GEN, .sets = { "stream.s.vlan=5" },
	     .errors = "--set stream.s.vlan=5: [stream.s] size: found 64 bytes, but udp4 VLAN "
		       "frames with their signature need 68: set size = 68 or more\n"),
	CASE("tcp6_needs_96", GEN, .sets = { "stream.s.protocol=tcp6", "stream.s.size=imix" },
	     .errors = "--set stream.s.size=imix: [stream.s] size: found 64 bytes, but tcp6 frames "
		       "with their signature need 96: set size = 96 or more\n"),
	CASE("stacks", GEN,
	     .sets = { "stream.s.encap=qinq:100, vlan:7,vxlan:0x10,vlan:9", "stream.s.size=126",
		       "stream.s.outer_src=10.0.0.1-10.0.0.9" },
	     .errors = NULL),
	CASE("a_stack_needs_its_bytes", GEN,
	     .sets = { "stream.s.encap=qinq:100,vxlan:5000", "stream.s.size=117" },
	     .errors =
		     "--set stream.s.size=117: [stream.s] size: found 117 bytes, but udp4 in "
		     "qinq:100, vxlan:5000 frames with their signature need 118: set size = 118 or "
		     "more\n"),
	CASE("no_such_header", GEN, .sets = { "stream.s.encap=vlan:5,qinq", "stream.s.size=128" },
	     .errors =
		     "--set stream.s.encap=vlan:5,qinq: [stream.s] encap: found 'vlan:5,qinq'" ENCAP),
	CASE("a_label_of_21_bits", GEN,
	     .sets = { "stream.s.encap=mpls:1048576", "stream.s.size=128" },
	     .errors = "--set stream.s.encap=mpls:1048576: [stream.s] encap: found "
		       "'mpls:1048576'" ENCAP),
	CASE("a_list_that_ends_early", GEN, .sets = { "stream.s.encap=gre,", "stream.s.size=128" },
	     .errors = "--set stream.s.encap=gre,: [stream.s] encap: found 'gre,'" ENCAP),
	CASE("two_tunnels", GEN, .sets = { "stream.s.encap=gre,vxlan:1", "stream.s.size=200" },
	     .errors =
		     "--set stream.s.encap=gre,vxlan:1: [stream.s] encap: found 2 tunnels, allowed: "
		     "one\n"),
	CASE("a_tag_within_gre", GEN, .sets = { "stream.s.encap=gre,vlan:1", "stream.s.size=200" },
	     .errors = "--set stream.s.encap=gre,vlan:1: [stream.s] encap: a VLAN tag follows "
		       "Ethernet or another tag: gretap and vxlan bring Ethernet, gre and mpls do "
		       "not\n"),
	CASE("eth_within_mpls", GEN,
	     .sets = { "stream.s.encap=mpls:1", "stream.s.size=200", "stream.s.protocol=eth" },
	     .errors = "--set stream.s.encap=mpls:1: [stream.s] encap: IP follows mpls: protocol "
		       "= eth needs vxlan or gretap between\n"),
	CASE("vlan_beside_encap", GEN,
	     .sets = { "stream.s.encap=qinq:1", "stream.s.size=200", "stream.s.vlan=7" },
	     .errors = "--set stream.s.vlan=7: [stream.s] vlan: found 7 beside encap: write vlan:7 "
		       "where it belongs in encap\n"),
	CASE("extensions_of_ipv4", GEN,
	     .sets = { "stream.s.extensions=fragment", "stream.s.size=200" },
	     .errors = "--set stream.s.extensions=fragment: [stream.s] extensions: found beside "
		       "protocol = udp4: they belong to IPv6: set udp6 or tcp6\n"),
	CASE("outer_addresses_of_nothing", GEN, .sets = { "stream.s.outer_src=10.0.0.1" },
	     .errors =
		     "--set stream.s.outer_src=10.0.0.1: [stream.s] outer_src: does not apply: encap "
		     "names no vxlan, gre or gretap; delete the line\n"),
	CASE("outer_families_differ", GEN,
	     .sets = { "stream.s.encap=gre", "stream.s.size=200", "stream.s.outer_src=10.0.0.1",
		       "stream.s.outer_dst=2001:db8::1" },
	     .errors = "--set stream.s.outer_dst=2001:db8::1: [stream.s] outer_dst: found an IPv6 "
		       "address beside an IPv4 one in outer_src\n"),
	CASE("families_differ", GEN, .sets = { "stream.s.src=2001:2::1" },
	     .errors = "--set stream.s.src=2001:2::1: [stream.s] src: found an IPv6 address, but "
		       "protocol = udp4 needs IPv4\n"),
	CASE("range_of_two_families", GEN, .sets = { "stream.s.src=10.0.0.1-2001:2::1" },
	     .errors = "--set stream.s.src=10.0.0.1-2001:2::1: [stream.s] src: found "
		       "'10.0.0.1-2001:2::1': one is IPv4, the other IPv6" ADDR),
	CASE("range_backwards", GEN, .sets = { "stream.s.src=10.0.0.2-10.0.0.1" },
	     .errors = "--set stream.s.src=10.0.0.2-10.0.0.1: [stream.s] src: found "
		       "'10.0.0.2-10.0.0.1': the last is below the first" ADDR),
	CASE("group_mac", GEN, .sets = { "stream.s.src_mac=01:00:5e:00:00:01" },
	     .errors = "--set stream.s.src_mac=01:00:5e:00:00:01: [stream.s] src_mac: found "
		       "'01:00:5e:00:00:01'" MAC),
	CASE("eth_has_no_addresses", GEN,
	     .sets = { "stream.s.protocol=eth", "stream.s.dst=10.0.0.1" },
	     .errors =
		     "--set stream.s.dst=10.0.0.1: [stream.s] dst: does not apply: protocol = eth "
		     "has no IP header; delete the line\n"),
	CASE("bad_stream_name", GEN "[stream.a.b]\n",
	     .errors = "@:9: [stream.a.b]: found a stream named 'a.b', allowed: 1..31 of a-z 0-9 _ "
		       "-\n"),
	CASE("replay_is_a_capture", GEN, .sets = { "gen.replay=b" },
	     .errors = "--set gen.replay=b: [gen] replay: found 'b'; allowed: a port that plays a "
		       "capture (driver = pcap)\n"),
};

static void cases_hold(void **state)
{
	(void)state;
	run_cases(cases, sizeof(cases) / sizeof(cases[0]));
}

static const struct bp_conf *load_sets(const char *const *sets)
{
	static struct bp_conf conf;

	load_right(GEN, sets, &conf);
	return &conf;
}

static void rates_have_units(void **state)
{
	static const struct {
		const char *set;
		struct bp_rate rate;
	} rates[] = {
		{ "gen.rate=max", { BP_RATE_MAX, 0 } },
		{ "gen.rate=1.5mpps", { BP_RATE_PPS, 1.5e6 } },
		{ "gen.rate=10 kpps", { BP_RATE_PPS, 1e4 } },
		{ "gen.rate=7pps", { BP_RATE_PPS, 7 } },
		{ "gen.rate=2gbps", { BP_RATE_BPS_L2, 2e9 } },
		{ "gen.rate=2Gbpsl1", { BP_RATE_BPS_L1, 2e9 } },
		{ "gen.rate=12.5%", { BP_RATE_PERCENT, 12.5 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		const char *sets[] = { rates[i].set, NULL };
		const struct bp_conf *conf = load_sets(sets);

		assert_int_equal(conf->gen.rate.unit, rates[i].rate.unit);
		assert_true(conf->gen.rate.value >= rates[i].rate.value * 0.999999999);
		assert_true(conf->gen.rate.value <= rates[i].rate.value * 1.000000001);
	}
}

static void a_sender_has_a_stream(void **state)
{
	const char *sets[] = { NULL };
	const struct bp_conf *conf = load_sets(sets);

	(void)state;
	assert_int_equal(conf->gen.tx_port, 0);
	assert_int_equal(conf->gen.rx_port, 1);
	assert_int_equal(conf->gen.replay_port, BP_NO_PORT);
	assert_int_equal(conf->n_streams, 1);
	assert_string_equal(conf->streams[0].name, "default");
	assert_int_equal(conf->streams[0].sizes.v[0].bytes, 64);
	assert_int_equal(conf->streams[0].src.n_bytes, 4);
	assert_int_equal(conf->streams[0].src.first[0], 198);
}

static void ranges_count_their_values(void **state)
{
	const char *sets[] = { "stream.s.src=10.0.0.250-10.0.1.5", "stream.s.sport=1000-1999",
			       "stream.s.dst_mac=02:00:00:00:00:ff-02:00:00:00:01:00",
			       "stream.s.size=imix", NULL };
	const struct bp_stream_conf *s = &load_sets(sets)->streams[0];
	const char *sets6[] = { "stream.s.protocol=udp6", "stream.s.size=128",
				"stream.s.dst=2001:2::ffff-2001:2::1:0", NULL };

	(void)state;
	assert_string_equal(s->name, "s");
	assert_int_equal(s->src.n, 12);
	assert_int_equal(s->sport.n, 1000);
	assert_int_equal(s->sport.first[0] << 8 | s->sport.first[1], 1000);
	assert_int_equal(s->dst_mac.n, 2);
	assert_int_equal(s->sizes.n, 3);
	assert_int_equal(s->sizes.v[2].bytes, 1518);
	assert_int_equal(s->sizes.v[1].weight, 4);
	s = &load_sets(sets6)->streams[0];
	assert_int_equal(s->dst.n_bytes, 16);
	assert_int_equal(s->dst.n, 2);
	assert_int_equal(s->src.n_bytes, 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cases_hold),
		cmocka_unit_test(rates_have_units),
		cmocka_unit_test(a_sender_has_a_stream),
		cmocka_unit_test(ranges_count_their_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
