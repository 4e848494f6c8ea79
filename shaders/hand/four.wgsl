// Eight things of four lanes, two each, to all of them: a subgroup of four is a quad, whose operations are the fastest there.

fn hand_quads(near: vec4<f32>, far: vec4<f32>) -> array<vec4<f32>, 8> {
    return array<vec4<f32>, 8>(
        quadBroadcast(near, 0u), quadBroadcast(near, 1u), quadBroadcast(near, 2u), quadBroadcast(near, 3u),
        quadBroadcast(far, 0u), quadBroadcast(far, 1u), quadBroadcast(far, 2u), quadBroadcast(far, 3u),
    );
}

fn hand_numbers(near: f32, far: f32) -> array<f32, 8> {
    return array<f32, 8>(
        quadBroadcast(near, 0u), quadBroadcast(near, 1u), quadBroadcast(near, 2u), quadBroadcast(near, 3u),
        quadBroadcast(far, 0u), quadBroadcast(far, 1u), quadBroadcast(far, 2u), quadBroadcast(far, 3u),
    );
}
