/**
 * @file deploy/lab/balancer/sha1.c
 * @brief SHA-1 (FIPS 180-4 section 6.1).
 */
#include "deploy/lab/balancer/sha1.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define BLOCK 64u
#define TAIL (BLOCK - 8u) /* the last eight bytes hold the length in bits */

static uint32_t roll(uint32_t value, unsigned bits)
{
    return value << bits | value >> (32 - bits);
}

static uint32_t mix(unsigned round, uint32_t b, uint32_t c, uint32_t d)
{
    switch (round / 20) {
    case 0:
        return ((b & c) | (~b & d)) + 0x5a827999u;
    case 1:
        return (b ^ c ^ d) + 0x6ed9eba1u;
    case 2:
        return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdcu;
    default:
        return (b ^ c ^ d) + 0xca62c1d6u;
    }
}

static void take_block(uint32_t sum[static 5], const uint8_t *block)
{
    uint32_t word[80];
    uint32_t v[5];

    for (size_t i = 0; i < 16; i++)
        word[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
                  (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (size_t i = 16; i < 80; i++)
        word[i] = roll(word[i - 3] ^ word[i - 8] ^ word[i - 14] ^ word[i - 16], 1);
    memcpy(v, sum, sizeof(v));
    for (unsigned i = 0; i < 80; i++) {
        const uint32_t next = roll(v[0], 5) + mix(i, v[1], v[2], v[3]) + v[4] + word[i];

        v[4] = v[3];
        v[3] = v[2];
        v[2] = roll(v[1], 30);
        v[1] = v[0];
        v[0] = next;
    }
    for (size_t i = 0; i < 5; i++)
        sum[i] += v[i];
}

void zdd_sha1_hex(const void *data, size_t size, char ret_hex[static ZDD_SHA1_HEX_SIZE])
{
    uint32_t sum[5] = {0x67452301u, 0xefcdab89u, 0x98badcfeu, 0x10325476u, 0xc3d2e1f0u};
    const uint8_t *bytes = data;
    const uint64_t bits = (uint64_t)size * 8;
    uint8_t last[2 * BLOCK] = {0};
    size_t left = size;

    for (; left >= BLOCK; left -= BLOCK, bytes += BLOCK)
        take_block(sum, bytes);
    if (left)
        memcpy(last, bytes, left);
    last[left] = 0x80;

    const size_t last_size = left < TAIL ? BLOCK : 2 * BLOCK;

    for (size_t i = 0; i < 8; i++)
        last[last_size - 1 - i] = (uint8_t)(bits >> (8 * i));
    for (size_t at = 0; at < last_size; at += BLOCK)
        take_block(sum, last + at);
    snprintf(ret_hex, ZDD_SHA1_HEX_SIZE, "%08x%08x%08x%08x%08x", sum[0], sum[1], sum[2], sum[3],
             sum[4]);
}
