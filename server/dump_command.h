/*
 * dump_command: `odradek dump FILE...`: prints what stands in the files of a log directory, of Odradek or
 * Apache Kafka. See docs/odradek-dump.md.
 */
#ifndef SERVER_DUMP_COMMAND_H
#define SERVER_DUMP_COMMAND_H

/* The words behind `odradek dump`, of which argv[0] is the first. Writes to stdout and stderr, and returns
 * the exit status: 0 all was printed, 1 something was damaged or could not be read, 2 the words make no
 * sense. */
int dump_command(int argc, char **argv);

#endif
