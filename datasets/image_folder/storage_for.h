// Where decoded pictures are held.
#pragma once

#include "datasets/image_folder/image_folder.pb.h"

namespace pretext {

// What a config's storage comes to for pictures of which all pixels take `bytes`: what is asked
// for, or BY_SIZE what fits that size; at their `own_size`, or at the one asked for.
ImageFolder::Storage StorageFor(ImageFolder::Storage asked, bool own_size, double bytes);

}  // namespace pretext
