// All that a plugin's author includes: the kinds' interfaces, the registry,
// and the checks of a config.
#pragma once

#include "core/plugin/augmentation.h"
#include "core/plugin/check_flow.h"
#include "core/plugin/dataset.h"
#include "core/plugin/encoder.h"
#include "core/plugin/field_checker.h"
#include "core/plugin/head.h"
#include "core/plugin/loss.h"
#include "core/plugin/optimizer.h"
#include "core/plugin/registry.h"
#include "core/plugin/tokenizer.h"
