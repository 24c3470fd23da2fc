/*
 * list: an intrusive circular doubly linked list. The head is a node of its own; a node that is in no list
 * points to itself. Guarded by whoever owns the head.
 */
#ifndef PROTOCOL_BASE_LIST_H
#define PROTOCOL_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list_node {
    struct list_node *next;
    struct list_node *prev;
};

/* The struct that a node is a member of. */
/* clang-format off: it takes (node) for a cast */
#define list_entry(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))
/* clang-format on */

/* The current node may be removed while the loop runs. */
#define list_for_each(node, head)                                                          \
    for (struct list_node *node = (head)->next, *node##_next = node->next; node != (head); \
         node = node##_next, node##_next = node->next)

static inline void list_init(struct list_node *node)
{
    node->next = node->prev = node;
}

static inline bool list_is_empty(const struct list_node *head)
{
    return head->next == head;
}

static inline void list_append(struct list_node *head, struct list_node *node)
{
    node->prev = head->prev;
    node->next = head;
    head->prev->next = node;
    head->prev = node;
}

/* Harmless for a node that is in no list. */
static inline void list_remove(struct list_node *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}

#endif
