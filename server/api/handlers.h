/**
 * @file server/api/handlers.h
 * @brief Every operation, one function each; see routes.c and openapi/openapi.json.
 */
#pragma once

#include "server/http/call.h"

zdd_handler zdd_api_create_plan;
zdd_handler zdd_api_list_plans;
zdd_handler zdd_api_get_plan;

zdd_handler zdd_api_create_deployment;
zdd_handler zdd_api_list_deployments;
zdd_handler zdd_api_get_deployment;
zdd_handler zdd_api_send_command;
zdd_handler zdd_api_list_steps;
zdd_handler zdd_api_list_gates;
zdd_handler zdd_api_decide_gate;
zdd_handler zdd_api_list_deployment_events;
zdd_handler zdd_api_explain;

zdd_handler zdd_api_list_apps;
zdd_handler zdd_api_get_app;
zdd_handler zdd_api_list_revisions;

zdd_handler zdd_api_list_strategies;
zdd_handler zdd_api_list_events;
zdd_handler zdd_api_list_audit;
zdd_handler zdd_api_verify_audit;

zdd_handler zdd_api_get_livez;
zdd_handler zdd_api_get_readyz;
zdd_handler zdd_api_get_version;
zdd_handler zdd_api_get_openapi;
zdd_handler zdd_api_get_metrics;

zdd_handler zdd_api_create_stream_ticket, zdd_api_create_session;
zdd_handler zdd_api_get_session;
zdd_handler zdd_api_delete_session;
zdd_handler zdd_api_get_page;
zdd_handler zdd_api_get_docs;
zdd_handler zdd_api_get_asset;
