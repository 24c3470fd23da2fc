/* group_key: see the header. */
#include "protocol/records/group_key.h"

SCHEMA(group_key,
       STRING(group_id));

SCHEMA(group_member_key,
       STRING(group_id),
       STRING(member_id));
