// What every page carries: how it looks, and what the maps do when they are pointed at.
#pragma once

namespace pretext {

// The style: light and dark as the reader's system is, one column on a phone. Colours stand for
// classes beside shapes, never alone.
extern const char kPageStyle[];

// For <figure class="map">: the point that is nearest to the pointer is shown with its picture and
// words; with the keyboard the arrows go to the next point in their direction, Home to the first,
// and what is shown is said to screen readers. A button of the legend shows its class alone.
extern const char kMapScript[];

}  // namespace pretext
