/**
 * @file server/api/routes.c
 * @brief Every operation, one row each. A test holds this table and openapi/openapi.json together.
 */
#include "server/api/handlers.h"
#include "server/api/inside.h"

#define READ ZDD_SCOPE_READ
#define MAKE (ZDD_ROUTE_WORK | ZDD_ROUTE_CHANGE) /* new work */
#define ORDER ZDD_ROUTE_CHANGE /* to a deployment that exists: possible to the end */
#define OPEN ZDD_ROUTE_OPEN
#define SSE ZDD_ROUTE_SSE
#define PAGE ZDD_ROUTE_PAGE
#define ANYBODY 0 /* with a token or a session, whatever its scopes */

/* clang-format off */
const struct zdd_route zdd_routes[] = {
    {"POST", "/v1/plans",                        zdd_api_create_plan,            "createPlan",           ZDD_SCOPE_PLAN | MAKE},
    {"GET",  "/v1/plans",                        zdd_api_list_plans,             "listPlans",            READ},
    {"GET",  "/v1/plans/{id}",                   zdd_api_get_plan,               "getPlan",              READ},
    {"POST", "/v1/deployments",                  zdd_api_create_deployment,      "createDeployment",     ZDD_SCOPE_DEPLOY | MAKE},
    {"GET",  "/v1/deployments",                  zdd_api_list_deployments,       "listDeployments",      READ},
    {"GET",  "/v1/deployments/{id}",             zdd_api_get_deployment,         "getDeployment",        READ},
    {"GET",  "/v1/deployments/{id}/steps",       zdd_api_list_steps,             "listSteps",            READ},
    {"GET",  "/v1/deployments/{id}/events",      zdd_api_list_deployment_events, "listDeploymentEvents", READ | SSE},
    {"GET",  "/v1/deployments/{id}/explain",     zdd_api_explain,                "explainDeployment",    READ | ZDD_ROUTE_TEXT},
    {"POST", "/v1/deployments/{id}/pause",       zdd_api_send_command,           "pauseDeployment",      ZDD_SCOPE_DEPLOY | ORDER},
    {"POST", "/v1/deployments/{id}/resume",      zdd_api_send_command,           "resumeDeployment",     ZDD_SCOPE_DEPLOY | ORDER},
    {"POST", "/v1/deployments/{id}/promote",     zdd_api_send_command,           "promoteDeployment",    ZDD_SCOPE_PROMOTE | ORDER},
    {"POST", "/v1/deployments/{id}/abort",       zdd_api_send_command,           "abortDeployment",      ZDD_SCOPE_ABORT | ORDER},
    {"POST", "/v1/deployments/{id}/rollback",    zdd_api_send_command,           "rollbackDeployment",   ZDD_SCOPE_ABORT | ORDER},
    {"POST", "/v1/deployments/{id}/retry",       zdd_api_send_command,           "retryDeployment",      ZDD_SCOPE_DEPLOY | ORDER},
    {"POST", "/v1/deployments/{id}/weight",      zdd_api_send_command,           "setDeploymentWeight",  ZDD_SCOPE_DEPLOY | ORDER},
    {"GET",  "/v1/deployments/{id}/gates",       zdd_api_list_gates,             "listGates",            READ},
    {"POST", "/v1/deployments/{id}/gates/{name}/decisions", zdd_api_decide_gate, "decideGate",           ZDD_SCOPE_PROMOTE | ORDER},
    {"GET",  "/v1/apps",                         zdd_api_list_apps,              "listApps",             READ},
    {"GET",  "/v1/apps/{appId}",                 zdd_api_get_app,                "getApp",               READ},
    {"GET",  "/v1/apps/{appId}/revisions",       zdd_api_list_revisions,         "listRevisions",        READ},
    {"GET",  "/v1/strategies",                   zdd_api_list_strategies,        "listStrategies",       READ},
    {"GET",  "/v1/events",                       zdd_api_list_events,            "listEvents",           READ | SSE},
    {"GET",  "/v1/audit",                        zdd_api_list_audit,             "listAudit",            ZDD_SCOPE_ADMIN | ZDD_ROUTE_NDJSON},
    {"GET",  "/v1/audit/verify",                 zdd_api_verify_audit,           "verifyAudit",          ZDD_SCOPE_ADMIN},
    {"GET",  "/livez",                           zdd_api_get_livez,              "getLivez",             OPEN},
    {"GET",  "/readyz",                          zdd_api_get_readyz,             "getReadyz",            OPEN},
    {"GET",  "/version",                         zdd_api_get_version,            "getVersion",           OPEN},
    {"GET",  "/metrics",                         zdd_api_get_metrics,            "getMetrics",           READ | ZDD_ROUTE_TEXT_ONLY},
    {"GET",  "/openapi.json",                    zdd_api_get_openapi,            "getOpenapi",           OPEN},
    {"POST", "/v1/stream-tickets",               zdd_api_create_stream_ticket,   "createStreamTicket",   READ},
    {"POST", "/v1/session",                      zdd_api_create_session,         "createSession",        OPEN | ORDER},
    {"GET",  "/v1/session",                      zdd_api_get_session,            "getSession",           ANYBODY},
    {"DELETE", "/v1/session",                    zdd_api_delete_session,         "deleteSession",        ANYBODY | ORDER},
    {"GET",  "/",                                zdd_api_get_page,               "getPage",              OPEN | PAGE},
    {"GET",  "/docs",                            zdd_api_get_docs,               "getDocs",              OPEN | PAGE},
    {"GET",  "/ui/{version}/{file}",             zdd_api_get_asset,              "getAsset",             OPEN | PAGE},
};
/* clang-format on */

const size_t zdd_route_count = ZDD_COUNT(zdd_routes);
