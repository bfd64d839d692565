# find_package(perlipc) gives perlipc::perlipc, the shared library, and perlipc::static. The tree may have been moved:
# all is found from where this file is, which is share/cmake/perlipc.
get_filename_component(_perlipc_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
set(_perlipc_places PATHS "${_perlipc_prefix}" PATH_SUFFIXES "lib/${CMAKE_LIBRARY_ARCHITECTURE}" lib64 lib NO_DEFAULT_PATH)

find_path(PERLIPC_INCLUDE_DIR perlipc.h PATHS "${_perlipc_prefix}/include" NO_DEFAULT_PATH)
find_library(PERLIPC_LIBRARY NAMES libperlipc.so ${_perlipc_places})
find_library(PERLIPC_STATIC_LIBRARY NAMES libperlipc.a ${_perlipc_places})
# Installed with a LIBDIR or INCLUDEDIR outside of the prefix: where CMake itself looks.
find_path(PERLIPC_INCLUDE_DIR perlipc.h)
find_library(PERLIPC_LIBRARY NAMES libperlipc.so)
find_library(PERLIPC_STATIC_LIBRARY NAMES libperlipc.a)
mark_as_advanced(PERLIPC_INCLUDE_DIR PERLIPC_LIBRARY PERLIPC_STATIC_LIBRARY)

if(PERLIPC_INCLUDE_DIR AND PERLIPC_LIBRARY AND NOT TARGET perlipc::perlipc)
  add_library(perlipc::perlipc SHARED IMPORTED)
  set_target_properties(perlipc::perlipc PROPERTIES
    IMPORTED_LOCATION "${PERLIPC_LIBRARY}"
    IMPORTED_SONAME libperlipc.so.0
    INTERFACE_INCLUDE_DIRECTORIES "${PERLIPC_INCLUDE_DIR}")
endif()
if(PERLIPC_INCLUDE_DIR AND PERLIPC_STATIC_LIBRARY AND NOT TARGET perlipc::static)
  add_library(perlipc::static STATIC IMPORTED)
  set_target_properties(perlipc::static PROPERTIES
    IMPORTED_LOCATION "${PERLIPC_STATIC_LIBRARY}"
    INTERFACE_LINK_LIBRARIES "util;rt;pthread;m;dl;c"
    INTERFACE_INCLUDE_DIRECTORIES "${PERLIPC_INCLUDE_DIR}")
endif()
if(NOT TARGET perlipc::perlipc AND NOT TARGET perlipc::static)
  set(perlipc_FOUND FALSE)
  set(perlipc_NOT_FOUND_MESSAGE "perlipc's header or libraries are not in ${_perlipc_prefix}")
endif()
unset(_perlipc_prefix)
unset(_perlipc_places)
