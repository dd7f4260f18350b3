// All that a plugin's author includes: the kinds' interfaces, the registry,
// and the checks of a config.
#pragma once

#include "core/augmentation.h"
#include "core/dataset.h"
#include "core/encoder.h"
#include "core/field_checker.h"
#include "core/head.h"
#include "core/loss.h"
#include "core/optimizer.h"
#include "core/registry.h"
#include "core/tokenizer.h"
