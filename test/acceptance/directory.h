/* The files that lie there before the program starts, byte for byte as the course's tester writes them:
 * /tmp/server.properties and the log directory /tmp/kraft-combined-logs. */
#ifndef ACCEPTANCE_DIRECTORY_H
#define ACCEPTANCE_DIRECTORY_H

#include "frame.h"

#include <stdbool.h>

#define SERVER_PROPERTIES  "/tmp/server.properties"
#define LOG_DIRECTORY      "/tmp/kraft-combined-logs"
#define FIRST_SEGMENT      "00000000000000000000.log"
#define METADATA_DIRECTORY "__cluster_metadata-0"

enum { MAX_TOPICS = 4, MAX_MESSAGES = 4 };

extern const uint8_t directory_id[UUID_SIZE];
extern const int64_t message_timestamp_ms;

struct topic {
    const char *name;
    uint8_t id[UUID_SIZE];
    int partitions;
    const char *messages[MAX_MESSAGES]; /* in every partition, a batch each */
    int message_count;
};

/* What a stage may ask for beyond what the course's tester writes. */
struct directory {
    struct topic topics[MAX_TOPICS];
    int topic_count;
    bool without_metadata_log;   /* so start the base stages */
    const char *more_properties; /* appended to server.properties, NULL for none */
    struct frame more_metadata;  /* one batch more in the metadata log, if not empty */
};

/* Writes it all anew; false, with errno's story in complaint, if something cannot be written. */
bool directory_write(const struct directory *directory, struct arena *arena, char *complaint,
                     size_t complaint_size);

/* The bytes of the metadata log; the next offset through next_offset, unless NULL. */
struct frame directory_metadata_log(const struct directory *directory, struct arena *arena,
                                    int64_t *next_offset);

/* The bytes of a partition's log. */
struct frame directory_partition_log(const struct topic *topic, struct arena *arena);

/* Standard base64, padded or not. */
char *base64_encode(struct arena *arena, const uint8_t uuid[UUID_SIZE], bool padded);

#endif
