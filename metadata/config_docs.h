/*
 * config_docs: docs/config.md, out of the tables.
 */
#ifndef METADATA_CONFIG_DOCS_H
#define METADATA_CONFIG_DOCS_H

#include "protocol/base/buf.h"

/* Appends the whole page. */
void config_print_docs(struct buf *page);

#endif
