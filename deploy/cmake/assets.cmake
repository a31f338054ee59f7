# Writes OUTPUT, an include for C: each file of FOLDER named in FILES as bytes, and one table row for each. "@UI@" in a
# page becomes the folder that the others are served from: its name is a hash over all of them, so it is new whenever
# one of them is.
cmake_minimum_required(VERSION 3.25)
separate_arguments(FILES)

set(all "")
foreach(file IN LISTS FILES)
    file(SHA256 ${FOLDER}/${file} hash)
    string(APPEND all "${file} ${hash}\n")
endforeach()
string(SHA256 version "${all}")
string(SUBSTRING ${version} 0 16 version)
set(UI "/ui/${version}")

set(bytes_of "")
set(rows "")
set(number 0)
foreach(file IN LISTS FILES)
    set(source ${FOLDER}/${file})
    if(file MATCHES "\\.html$")
        set(source ${OUTPUT}.page)
        configure_file(${FOLDER}/${file} ${source} @ONLY)
    endif()
    file(READ ${source} bytes HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
    file(SHA256 ${source} hash)
    string(SUBSTRING ${hash} 0 32 hash)
    string(APPEND bytes_of "static const unsigned char asset_${number}[] = {${bytes}};\n")
    string(APPEND rows "    {\"${file}\", asset_${number}, sizeof(asset_${number}), \"\\\"${hash}\\\"\"},\n")
    math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUTPUT} "${bytes_of}static const char asset_version[] = \"${version}\";\n"
    "static const struct zdd_asset assets[] = {\n${rows}};\n")
