/*
 * respond: sends what a run has written: bytes, ranges of segment files, bytes. The only place that turns
 * parts into system calls; a transport that is not a plain socket changes this file and no other.
 */
#ifndef SERVER_RESPOND_H
#define SERVER_RESPOND_H

#include "protocol/wire/writer.h"
#include "server/net.h"

/* Blocks until all is handed to the kernel, or the peer takes nothing for the socket's write timeout. A range
 * that its file no longer has breaks the connection: the length of the answer has been promised. */
enum net_result respond(int fd, struct writer *writer);

#endif
