#!/usr/bin/python3
# Reads facts out of a run's JSON report, by the names that the tests use.
# SPDX-License-Identifier: BSD-3-Clause
