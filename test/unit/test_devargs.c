/* DPDK's device strings: what is taken for a key, a value, a name. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "core/devargs.h"

#include "core/claim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void a_key_is_what_stands_whole_between_comma_and_equals_sign(void **state)
{
	static const char devargs[] = "net_pcap0,xiface=a,iface2=b,ifac=c,iface=d,iface=e";
	char value[8];

	(void)state;
	assert_true(bp_devargs_get(devargs, "iface", value, sizeof(value)));
	assert_string_equal(value, "e"); /* the last */
	assert_true(bp_devargs_get("net_tap0,iface=", "iface", value, sizeof(value)));
	assert_string_equal(value, "");
	assert_false(bp_devargs_get("iface=x", "iface", value, sizeof(value)));
	assert_false(bp_devargs_get("net_tap0,iface", "iface", value, sizeof(value)));
	assert_false(bp_devargs_get("net_tap0,,", "", value, sizeof(value)));
}

static void a_value_without_room_is_none_not_a_shorter_one(void **state)
{
	char value[4] = "-";

	(void)state;
	assert_true(bp_devargs_get("net_tap0,iface=abc,x=1", "iface", value, sizeof(value)));
	assert_string_equal(value, "abc");
	strcpy(value, "-");
	assert_false(bp_devargs_get("net_tap0,iface=abcd", "iface", value, sizeof(value)));
	assert_string_equal(value, "-");
}

static void numbers_and_names(void **state)
{
	char name[32];

	(void)state;
	assert_int_equal(bp_devargs_number("net_memif0,bsize=4096", "bsize", 2048), 4096);
	assert_int_equal(bp_devargs_number("net_memif0", "bsize", 2048), 2048);
	bp_devargs_name("0000:03:00.1,arg=1", name, sizeof(name));
	assert_string_equal(name, "0000:03:00.1");
}

/* One device, whichever way its address is spelt. */
static void a_pci_device_is_claimed_by_its_whole_address(void **state)
{
	static const char *const spellings[] = { "0000:03:00.a", "03:00.1", "pci:0000:03:00.1",
						 "0000:03:00.1,dv_flow_en=1" };
	struct bp_port_conf conf = { .driver = "dpdk", .device = "0000:03:00.1" };
	struct bp_claim first[BP_CLAIMS_MAX], claims[BP_CLAIMS_MAX];

	(void)state;
	assert_int_equal(bp_claims_of(&conf, first), 1);
	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
		strcpy(conf.device, spellings[i]);
		assert_int_equal(bp_claims_of(&conf, claims), 1);
		assert_int_equal(bp_claims_clash(&first[0], &claims[0]), i > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_is_what_stands_whole_between_comma_and_equals_sign),
		cmocka_unit_test(a_value_without_room_is_none_not_a_shorter_one),
		cmocka_unit_test(numbers_and_names),
		cmocka_unit_test(a_pci_device_is_claimed_by_its_whole_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
