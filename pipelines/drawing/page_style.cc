#include "pipelines/drawing/page_parts.h"

namespace pretext {

// Class colours are those of Okabe and Ito, and two of Tol's for the ninth and tenth: told apart by
// the colour-blind.
const char kPageStyle[] = R"css(
:root{--paper:#fff;--ink:#1c1e21;--soft:#5a6068;--line:#dfe2e6;--panel:#f6f7f9;--accent:#0b5cad;
--good:#116b3c;--bad:#a8201a;--c0:#0072b2;--c1:#d55e00;--c2:#009e73;--c3:#cc79a7;--c4:#b58900;
--c5:#3a9bd6;--c6:#555;--c7:#a05a00;--c8:#882255;--c9:#44aa99}
@media(prefers-color-scheme:dark){:root{--paper:#15171a;--ink:#e6e8eb;--soft:#a4abb4;--line:#343a41;
--panel:#1e2125;--accent:#6db3f2;--good:#6fd39b;--bad:#ff8f87;--c0:#56a8e0;--c1:#ff8c42;--c2:#2fc79b;
--c3:#e59bc4;--c4:#e6c229;--c5:#8fd0ff;--c6:#b9bec4;--c7:#d9995a;--c8:#d67aa8;--c9:#7fd8c8}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:1080px;margin:0 auto;padding:1rem 1rem 4rem}
h1{font-size:1.5rem;margin:.5rem 0;overflow-wrap:anywhere}
h2{font-size:1.2rem;margin:2.2rem 0 .6rem;border-bottom:1px solid var(--line);padding-bottom:.2rem}
h3{font-size:1rem;margin:1.2rem 0 .4rem}
p{margin:.4rem 0;max-width:70ch}
.soft{color:var(--soft)}
.answer{font-size:1.15rem;font-weight:600}
ul.verdicts{padding:0;list-style:none;margin:.8rem 0}
ul.verdicts li{margin:.5rem 0;padding:.1rem 0 .1rem .8rem;border-left:4px solid var(--line);max-width:75ch}
ul.verdicts li.good{border-color:var(--good)}ul.verdicts li.bad{border-color:var(--bad)}
.mark{font-weight:700}.good .mark{color:var(--good)}.bad .mark{color:var(--bad)}
.wide{overflow-x:auto;margin:.6rem 0}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--soft);font-size:.9rem;padding-bottom:.2rem}
th,td{padding:.25rem .7rem;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}
th{font-weight:600;white-space:normal}tbody th{text-align:left}thead th:first-child{text-align:left}
figure.chart{max-width:620px}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:1rem}
figure{margin:0;min-width:0}figcaption{font-weight:600;margin:.2rem 0}
svg{display:block;width:100%;height:auto;background:var(--panel);border-radius:6px}
svg text{font:14px system-ui,sans-serif;fill:var(--soft)}
.grid{stroke:var(--line);stroke-width:1}
.series{fill:none;stroke-width:1.8;stroke-linejoin:round}
.key{display:flex;flex-wrap:wrap;gap:.2rem 1rem;font-size:.9rem;color:var(--soft);margin:.2rem 0}
.key svg{display:inline-block;width:34px;height:12px;background:none;vertical-align:middle;margin-right:.3rem}
.s0{stroke:var(--c0)}.s1{stroke:var(--c1)}.s2{stroke:var(--c2)}.s3{stroke:var(--c3)}.s4{stroke:var(--c4)}
.s5{stroke:var(--c5)}.s6{stroke:var(--c6)}.s7{stroke:var(--c7)}.s8{stroke:var(--c8)}.s9{stroke:var(--c9)}
.landmark{stroke:var(--soft)}
.f0{fill:var(--c0);stroke:var(--c0)}.f1{fill:var(--c1);stroke:var(--c1)}.f2{fill:var(--c2);stroke:var(--c2)}
.f3{fill:var(--c3);stroke:var(--c3)}.f4{fill:var(--c4);stroke:var(--c4)}.f5{fill:var(--c5);stroke:var(--c5)}
.f6{fill:var(--c6);stroke:var(--c6)}.f7{fill:var(--c7);stroke:var(--c7)}.f8{fill:var(--c8);stroke:var(--c8)}
.f9{fill:var(--c9);stroke:var(--c9)}
.bar{fill:var(--c0)}
.tiles{display:flex;flex-wrap:wrap;gap:.6rem}
.tile{background:var(--panel);border-radius:6px;padding:.4rem;font-size:.8rem;color:var(--soft);max-width:100%}
.tile .row{display:flex;flex-wrap:wrap;gap:.3rem;align-items:flex-start}
.tile figcaption{font-weight:400}
img{image-rendering:pixelated;max-width:100%;height:auto;border-radius:2px;vertical-align:top}
.near{text-align:center;font-size:.8rem;color:var(--soft)}
.near.other{outline:2px dashed var(--bad);outline-offset:1px}
.query{padding-right:.7rem;border-right:2px solid var(--line)}
.map svg{touch-action:manipulation;cursor:crosshair}
.map svg:focus-visible,.wide:focus-visible,summary:focus-visible,button:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.map .p{stroke-width:.6;fill-opacity:.55}.map .off{opacity:.08}
.map .ring{fill:none;stroke:var(--ink);stroke-width:2}
.shown{min-height:76px;display:flex;gap:.7rem;align-items:center;font-size:.9rem;margin:.4rem 0}
.shown .cell{flex:none;background-repeat:no-repeat;image-rendering:pixelated;border-radius:2px}
.legend{display:flex;flex-wrap:wrap;gap:.3rem;margin:.4rem 0}
.legend button{display:inline-flex;align-items:center;gap:.35rem;font:inherit;font-size:.85rem;min-height:32px;color:var(--ink);
background:var(--panel);border:1px solid var(--line);border-radius:16px;padding:.15rem .6rem;cursor:pointer}
.legend button[aria-pressed=true]{border-color:var(--accent);box-shadow:inset 0 0 0 1px var(--accent)}
.legend svg{width:14px;height:14px;background:none}
.blank{font-weight:700;text-decoration:underline;text-decoration-style:dashed;text-underline-offset:.2em}
.wrong{text-decoration-style:wavy;text-decoration-color:var(--bad)}
.said{line-height:1.9}
.said small{color:var(--soft)}
details{margin:.8rem 0}summary{cursor:pointer;font-weight:600;min-height:32px}
pre{background:var(--panel);padding:.8rem;overflow:auto;border-radius:6px;font:13px/1.45 ui-monospace,monospace}
@media(max-width:600px){main{padding:.6rem .6rem 3rem}th,td{padding:.2rem .45rem}body{font-size:15px}}
@media print{details>*{display:block}}
)css";

}  // namespace pretext
