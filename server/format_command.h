/*
 * format_command: `odradek format`: makes the log directories of a server.properties those of a new cluster,
 * as `kafka-storage format` does. A broker that finds empty directories formats them itself; the command is
 * for those who want to choose the release, the features or the cluster's id.
 */
#ifndef SERVER_FORMAT_COMMAND_H
#define SERVER_FORMAT_COMMAND_H

/* The words behind `odradek format`, of which argv[0] is the first. Writes to stdout and stderr, and returns
 * the exit status: 0 all directories are formatted, 1 they are not, 2 the words make no sense. */
int format_command(int argc, char **argv);

#endif
