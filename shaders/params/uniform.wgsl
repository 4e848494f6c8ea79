// A dispatch's parameters, as uniforms.
@group(0) @binding(0) var<uniform> p: Params;
