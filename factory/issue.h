/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Issuing: rows of a CSV, or a count, become units of the ledger. In groups,
 * one transaction each: a unit is printed only after it is durable, a run
 * that was killed is simply repeated, and a bad row does not stop the others.
 */
#ifndef FACTORY_ISSUE_H
#define FACTORY_ISSUE_H

#include "base/cli.h"
#include "formats/row.h"

/* The verb unit issue. */
enum err_code issue_run(const struct cli_args *, struct err *);
/* For people: what the columns of issue_print() are. */
void issue_heading(const struct cli_args *);
/* Prints a row: JSON, or one line for people. */
enum err_code issue_print(
    const struct cli_args *, const struct row *, bool reveal, struct err *);

#endif
