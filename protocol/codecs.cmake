# The codec libraries, from Debian. Their .a files are linked, so that a codec that nobody uses costs nothing at start.
add_library(odradek_codecs INTERFACE)
foreach(codec z lz4 zstd snappy)
  find_library(ODRADEK_LIB_${codec} NAMES lib${codec}.a REQUIRED)
  target_link_libraries(odradek_codecs INTERFACE ${ODRADEK_LIB_${codec}})
endforeach()
execute_process(COMMAND ${CMAKE_C_COMPILER} -print-file-name=libstdc++.a OUTPUT_VARIABLE stdcxx
                OUTPUT_STRIP_TRAILING_WHITESPACE)
target_link_libraries(odradek_codecs INTERFACE ${stdcxx} m)

# SHA-2, likewise (docs/decisions/0010).
find_library(ODRADEK_LIB_crypto NAMES libcrypto.a REQUIRED)
target_link_libraries(odradek_codecs INTERFACE ${ODRADEK_LIB_crypto})
