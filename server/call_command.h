/*
 * call_command: `odradek call HOST:PORT API [JSON]`, a curl for Kafka: sends one request to any Kafka broker
 * and prints the answer as JSON. See docs/odradek-call.md.
 */
#ifndef SERVER_CALL_COMMAND_H
#define SERVER_CALL_COMMAND_H

/* The words behind `odradek call`, of which argv[0] is the first. Writes to stdout and stderr, and returns
 * the exit status: 0 an answer was printed (or none was due), 1 there was none, 2 the words make no sense. */
int call_command(int argc, char **argv);

#endif
