/*
 * check_command: `odradek check DIR...`: would Apache Kafka take these log directories, and what is wrong in
 * them? See docs/odradek-check.md.
 */
#ifndef SERVER_CHECK_COMMAND_H
#define SERVER_CHECK_COMMAND_H

/* The words behind `odradek check`, of which argv[0] is the first. Writes to stdout and stderr, and returns
 * the exit status: 0 nothing is wrong, 1 something is, 2 the words make no sense. */
int check_command(int argc, char **argv);

#endif
