/**
 * @file tests/fuzz/fuzz_balancer.c
 * @brief Any JSON as the apps of a cluster: a configuration comes out, or a reason.
 */
#include "deploy/lab/balancer/config.h"
#include "server/base/crypto.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

static const struct zdd_mlb_settings settings = {
    .host = "127.0.0.1",
    .stats_port = 9090,
    .app_id_port = 9091,
    .vhost_port = 9080,
    .connections_max = 1000,
    .groups = "*",
    .speed = 20,
    .is_first = true,
};

static void check_config(const struct zdd_mlb_config *config)
{
    const char *key;
    json_t *value;

    FUZZ_CHECK(strncmp(config->text, "global\n", 7) == 0);
    FUZZ_CHECK(strstr(config->text, "\nlisten stats\n  bind 127.0.0.1:9090\n") != NULL);
    FUZZ_CHECK(config->domain_map && config->app_map);
    json_object_foreach(config->binds, key, value)
    {
        FUZZ_CHECK(strncmp(key, "127.", 4) == 0 && json_is_string(value));
        FUZZ_CHECK(strcmp(key, "127.0.0.1:9090") != 0 && strcmp(key, "127.0.0.1:9080") != 0);
    }
    json_object_foreach(config->left_out, key, value)
    {
        FUZZ_CHECK(json_is_string(value));
    }
}

/* Nothing but the apps decides: the same ones give the same text. */
static void check_apps(const json_t *apps)
{
    ZDD_AUTO_JSON json_t *before = json_deep_copy(apps);
    struct zdd_mlb_config config = {0};
    struct zdd_mlb_config again = {0};
    char reason[200] = "";
    const bool made = zdd_mlb_configure(&settings, apps, NULL, &config, reason);

    FUZZ_CHECK(json_equal(apps, before));
    FUZZ_CHECK(made || *reason);
    FUZZ_CHECK(zdd_mlb_configure(&settings, apps, NULL, &again, reason) == made);
    if (made) {
        check_config(&config);
        FUZZ_CHECK(strcmp(config.text, again.text) == 0);
    }
    zdd_mlb_config_release(&config);
    zdd_mlb_config_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FUZZ_AUTO_PARTS struct fuzz_parts parts = fuzz_split(data, size, 1);
    ZDD_AUTO_JSON json_t *apps = fuzz_json(&parts, 0);

    FUZZ_CHECK(zdd_crypto_init());
    if (apps)
        check_apps(apps);
    return 0;
}
