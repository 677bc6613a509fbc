//! How the annex looks: on a screen, and on A4 paper.

/// The style sheet of the document. Colours are told in words as well, so that print in black loses nothing.
pub(super) const STYLE: &str = "\
:root{--ink:#1a2230;--soft:#5b6575;--line:#c9d0da;--head:#eef1f5;--accent:#1f4e79}\n\
*{box-sizing:border-box}\n\
body{font:10.5pt/1.4 'Liberation Sans',Arial,Helvetica,sans-serif;color:var(--ink);margin:0 auto;max-width:72rem;padding:2rem}\n\
h1{font-size:20pt;line-height:1.2;margin:.2rem 0 1rem;color:var(--accent)}\n\
h2{font-size:14pt;margin:2.2rem 0 .4rem;color:var(--accent);border-bottom:2px solid var(--accent);padding-bottom:.2rem}\n\
h3{font-size:11pt;margin:1.2rem 0 .3rem}\n\
p{margin:.3rem 0 .6rem;max-width:60rem}\n\
.kind{letter-spacing:.08em;text-transform:uppercase;font-size:9pt;color:var(--soft);margin:0}\n\
nav ul{columns:2;margin:.4rem 0;padding-left:1.2rem}\n\
a{color:var(--accent)}\n\
table{border-collapse:collapse;width:100%;margin:.5rem 0 1rem;font-size:9pt}\n\
caption{text-align:left;font-weight:bold;padding:.2rem 0;caption-side:top}\n\
th,td{border:1px solid var(--line);padding:.22rem .4rem;text-align:left;vertical-align:top;overflow-wrap:break-word}\n\
thead th{background:var(--head);font-size:8.5pt}\n\
tbody th{font-weight:bold;background:#fafbfc}\n\
tbody.c{border-bottom:2px solid #9aa5b4}\n\
.head th{width:13rem;white-space:nowrap}\n\
.head td{overflow-wrap:anywhere}\n\
.grants{table-layout:fixed}\n\
.grants col.w1{width:15%}.grants col.w2{width:21%}.grants col.w3{width:17%}.grants col.w4{width:20%}.grants col.w5{width:8%}.grants col.w6{width:19%}\n\
.clause{display:block;font-weight:normal;color:var(--soft);font-size:8.5pt}\n\
.whole::before,.part::before,.authority::before{content:'';display:inline-block;width:.62em;height:.62em;margin-right:.4em;border:1px solid #45536a}\n\
.whole::before{background:#1f4e79}.part::before{background:#9dc3e6}.authority::before{background:repeating-linear-gradient(45deg,#fff 0 2px,#b7791f 2px 4px)}\n\
.withheld{color:var(--soft);font-style:italic}\n\
.words td:first-child,.words th:first-child{width:16rem}\n\
.sign{display:grid;grid-template-columns:1fr 1fr;gap:.8rem}\n\
.holder{border:1px solid var(--line);padding:.6rem .8rem 1rem;break-inside:avoid}\n\
.holder h3{margin:0 0 .6rem}\n\
.holder dl{display:grid;grid-template-columns:7rem 1fr;gap:.9rem .6rem;margin:0}\n\
.holder dt{color:var(--soft);align-self:end}\n\
.holder dd{margin:0;border-bottom:1px solid var(--ink);min-height:1.6rem}\n\
.which{color:var(--soft);font-size:8.5pt;overflow-wrap:anywhere}\n\
@page{size:A4;margin:14mm 12mm 16mm}\n\
@media print{\n\
body{max-width:none;padding:0;font-size:9pt}\n\
nav{display:none}\n\
a{color:inherit;text-decoration:none}\n\
section.recipient,section.words,section.signatures{break-before:page}\n\
h2,h3,caption{break-after:avoid}\n\
thead{display:table-header-group}\n\
tbody.c,tr{break-inside:avoid}\n\
table{font-size:7.8pt}\n\
.sign{gap:.5rem}\n\
.holder{padding:.4rem .6rem .7rem}\n\
.holder h3{font-size:9pt;margin:0 0 .3rem}\n\
.holder dl{gap:.55rem .6rem}\n\
.holder dd{min-height:1.15rem}\n\
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}\n\
}\n";
