/* Predicts a port's effective mode from its configuration. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ledger/predict.h"

#include <string.h>

void bp_predict_port(const struct bp_port_conf *conf, struct bp_port_info *info)
{
	const struct bp_facts *facts = bp_facts_find(conf->driver);

	*info = (struct bp_port_info){ .kind = BP_DEVICE_NONE };
	if (facts && facts->predict)
		facts->predict(conf, info);
	else
		strcpy(info->mode, conf->driver);
}
