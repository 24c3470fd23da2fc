# What the server needs of Debian: PCRE2 for the regular expressions of consumers and of subscriptions to metrics, XXH3 for the hash
# of consumers' topics.
# Their .a files, for the reason that codecs.cmake gives.
add_library(odradek_server_libraries INTERFACE)
foreach(library pcre2-8 xxhash)
  find_library(ODRADEK_LIB_${library} NAMES lib${library}.a REQUIRED)
  target_link_libraries(odradek_server_libraries INTERFACE ${ODRADEK_LIB_${library}})
endforeach()
