/**
 * @file tests/api/test_page.c
 * @brief The dashboard and the API's page as they are served: complete, small, kept by browsers,
 * and with nothing from elsewhere.
 */
#include "server/ui/assets.h"
#include "tests/api/api_world.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#define TOTAL_MAX ((size_t)200 * 1024) /* bytes of everything together */
#define FILE_LINES_MAX 400

static struct apiclient_answer get_with(struct api_world *world, const char *path,
                                        const char *header)
{
    return apiclient_send(
        world->client, &(struct apiclient_request){.path = path, .token = "", .header = {header}});
}

static void address_of(const char *name, char ret_path[static 100])
{
    snprintf(ret_path, 100, "/ui/%s/%s", zdd_asset_version(), name);
}

static void the_page_is_there_for_everybody_and_lets_nothing_in_from_elsewhere(void **state)
{
    APICLIENT_AUTO struct apiclient_answer page = get_with(*state, "/", "Accept: text/html");
    const char *policy = apiclient_header(&page, "Content-Security-Policy");

    assert_int_equal(page.status, 200);
    assert_string_equal(page.type, "text/html; charset=utf-8");
    assert_non_null(policy);
    assert_non_null(strstr(policy, "default-src 'none'"));
    assert_non_null(strstr(policy, "frame-ancestors 'none'"));
    assert_non_null(strstr(policy, "require-trusted-types-for 'script'"));
    assert_null(strstr(policy, "unsafe"));
    assert_null(strstr(policy, "http"));
    assert_null(strstr(page.body, "http"));
    assert_null(strstr(page.body, "@UI@"));
}

/* Each "/ui/…" of the page. @return how many there are */
static int check_files(struct api_world *world, const struct apiclient_answer *page)
{
    const char *at = page->body;
    int count = 0;

    while ((at = strstr(at, "\"/ui/")) != NULL) {
        char path[100];

        snprintf(path, sizeof(path), "%.*s", (int)strcspn(at + 1, "\""), at + 1);
        apiclient_expect(get_with(world, path, NULL), 200, NULL);
        at++;
        count++;
    }
    return count;
}

static void the_page_names_only_files_that_are_there(void **state)
{
    APICLIENT_AUTO struct apiclient_answer page = get_with(*state, "/", NULL);

    assert_int_equal(check_files(*state, &page), 5);
}

static void the_page_of_the_api_draws_it_or_says_what_is_missing(void **state)
{
    APICLIENT_AUTO struct apiclient_answer page = get_with(*state, "/docs", "Accept: text/html");
    const char *policy = apiclient_header(&page, "Content-Security-Policy");
    const bool drawn = zdd_asset_find(ZDD_ASSET_DOCS_RENDERER) != NULL;

    assert_int_equal(page.status, 200);
    assert_non_null(policy);
    assert_non_null(strstr(policy, "default-src 'none'"));
    assert_null(strstr(policy, "unsafe"));
    assert_null(strstr(page.body, "http"));
    assert_int_equal(strstr(page.body, ZDD_ASSET_DOCS_RENDERER) != NULL, drawn);
    assert_int_equal(strstr(page.body, "deploy/npm-modules server/ui build/docs") != NULL, !drawn);
    assert_int_equal(check_files(*state, &page), drawn ? 4 : 3);
}

static void check_imports(const struct zdd_asset *asset)
{
    static const char mark[] = "from \"./";
    const char *text = (const char *)asset->data;
    const char *end = text + asset->size; /* no NUL is there */
    const size_t size = sizeof(mark) - 1;

    for (const char *c = text; c + size < end; c++) {
        const char *quote = NULL;
        char name[60];

        if (memcmp(c, mark, size) != 0)
            continue;
        quote = memchr(c + size, '"', (size_t)(end - c) - size);
        assert_non_null(quote);
        snprintf(name, sizeof(name), "%.*s", (int)(quote - c) - (int)size, c + size);
        if (!zdd_asset_find(name))
            fail_msg("%s imports %s, which is not embedded", asset->name, name);
    }
}

static bool contains(const struct zdd_asset *asset, const char *word)
{
    const size_t size = strlen(word);

    for (size_t i = 0; i + size <= asset->size; i++) {
        if (memcmp(asset->data + i, word, size) == 0)
            return true;
    }
    return false;
}

/* Words that would make text into markup or code. The policy forbids them; so does this. */
static void check_words(const struct zdd_asset *asset)
{
    static const char *const forbidden[] = {"innerHTML",      "outerHTML", "insertAdjacentHTML",
                                            "document.write", "eval(",     "new Function"};

    for (size_t i = 0; i < ZDD_COUNT(forbidden); i++) {
        if (contains(asset, forbidden[i]))
            fail_msg("%s has %s", asset->name, forbidden[i]);
    }
}

static size_t lines_of(const struct zdd_asset *asset)
{
    size_t lines = 0;

    for (size_t i = 0; i < asset->size; i++)
        lines += asset->data[i] == '\n';
    return lines;
}

static bool is_file_of_the_page(const char *name)
{
    const char *ending = strrchr(name, '.');

    return ending && (strcmp(ending, ".js") == 0 || strcmp(ending, ".css") == 0 ||
                      strcmp(ending, ".html") == 0 || strcmp(ending, ".svg") == 0);
}

static void every_file_of_the_folder_is_embedded_and_together_they_are_small(void **state)
{
    DIR *folder = opendir(ZDD_UI);
    size_t total = 0;

    (void)state;
    assert_non_null(folder);
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        const struct zdd_asset *asset;

        if (!is_file_of_the_page(entry->d_name))
            continue;
        asset = zdd_asset_find(entry->d_name);
        if (!asset) {
            fail_msg("%s is not embedded: add it to server/ui/CMakeLists.txt", entry->d_name);
            break;
        }
        check_imports(asset);
        check_words(asset);
        if (lines_of(asset) > FILE_LINES_MAX)
            fail_msg("%s has more than %d lines", asset->name, FILE_LINES_MAX);
        total += asset->size;
    }
    closedir(folder);
    assert_in_range(total, 1, TOTAL_MAX);
}

static void browsers_ask_for_the_page_and_keep_its_files(void **state)
{
    APICLIENT_AUTO struct apiclient_answer page = get_with(*state, "/", NULL);
    APICLIENT_AUTO struct apiclient_answer again = {0}, file = {0};
    char known[80], path[100];

    assert_string_equal(apiclient_header(&page, "Cache-Control"), "no-cache");
    snprintf(known, sizeof(known), "If-None-Match: %s", apiclient_header(&page, "ETag"));
    again = get_with(*state, "/", known);
    assert_int_equal(again.status, 304);
    assert_int_equal(again.size, 0);
    apiclient_expect(get_with(*state, "/", "If-None-Match: \"other\""), 200, NULL);
    address_of("app.js", path);
    file = get_with(*state, path, NULL);
    assert_string_equal(file.type, "text/javascript; charset=utf-8");
    assert_non_null(strstr(apiclient_header(&file, "Cache-Control"), "immutable"));
}

static void files_of_another_version_are_not_there(void **state)
{
    char path[100];

    address_of("nothing.js", path);
    apiclient_expect(get_with(*state, path, NULL), 404, "route-unknown");
    apiclient_expect(get_with(*state, "/ui/0123456789abcdef/app.js", NULL), 404, "route-unknown");
    address_of("..%2Findex.html", path);
    apiclient_expect(get_with(*state, path, NULL), 404, "route-unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, api_world_setup, api_world_teardown)
        TEST(the_page_is_there_for_everybody_and_lets_nothing_in_from_elsewhere),
        TEST(the_page_names_only_files_that_are_there),
        TEST(the_page_of_the_api_draws_it_or_says_what_is_missing),
        cmocka_unit_test(every_file_of_the_folder_is_embedded_and_together_they_are_small),
        TEST(browsers_ask_for_the_page_and_keep_its_files),
        TEST(files_of_another_version_are_not_there),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
