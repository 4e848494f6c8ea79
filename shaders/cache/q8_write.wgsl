// The cache in 8 bits: a texel is sixteen signed bytes; behind a head's, texels of four f32, one for each block of 32 channels: the
// greatest magnitude over 127.
fn most_of(block: u32) -> f32 {
    var most = 0.0;
    for (var i = 8u * block; i < min(8u * block + 8u, 4u * C16); i++) {
        let m = abs(channels[i]);
        most = max(most, max(max(m.x, m.y), max(m.z, m.w)));
    }
    return most;
}

fn rounded(v: vec4<f32>, most: f32) -> u32 {
    let q = vec4<i32>(round(v * select(0.0, 127.0 / most, most > 0.0))) & vec4<i32>(255);
    return u32(q.x | (q.y << 8u) | (q.z << 16u) | (q.w << 24u));
}

fn packed(i: u32) -> vec4<u32> {
    if (i >= C16) {
        let first = 4u * (i - C16);
        let most = vec4<f32>(most_of(first), most_of(first + 1u), most_of(first + 2u), most_of(first + 3u));
        return bitcast<vec4<u32>>(most / 127.0);
    }
    let most = most_of(i / 2u);
    return vec4<u32>(
        rounded(channels[4u * i], most),
        rounded(channels[4u * i + 1u], most),
        rounded(channels[4u * i + 2u], most),
        rounded(channels[4u * i + 3u], most),
    );
}
