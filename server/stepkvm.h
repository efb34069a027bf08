/* SPDX-License-Identifier: Apache-2.0 */
/* Steps of set-up that a profile asks for: serial over LAN, IDE redirection,
 * KVM. */
#ifndef SERVER_STEPKVM_H
#define SERVER_STEPKVM_H

#include "server/step.h"

/* Is this fault how a machine without KVM answers? Its KVM is then left out. */
bool stepkvm_has_none(struct session *s, const struct wsman_response *r);

step_take_fn stepkvm_take_instance;
step_fill_fn stepkvm_fill_state, stepkvm_fill_redirect, stepkvm_fill_kvm,
    stepkvm_fill_settings;
step_wanted_fn stepkvm_wants_redirect, stepkvm_wants_kvm,
    stepkvm_wants_settings;

#endif
