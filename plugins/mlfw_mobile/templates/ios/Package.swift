// swift-tools-version: 5.9
import PackageDescription

let package = Package(
    name: "@MODULE@",
    platforms: [.iOS(.v17), .macOS(.v14)],
    products: [
        .library(name: "@MODULE@", targets: ["@MODULE@"])
    ],
    dependencies: [
        @PACKAGES@
    ],
    targets: [
        .target(
            name: "@MODULE@",
            dependencies: [
                @PRODUCTS@
            ],
            path: "Sources",
            resources: [.process("Resources")]@SETTINGS@
        ),
        .testTarget(
            name: "@MODULE@Tests",
            dependencies: ["@MODULE@"],
            path: "Tests"
        ),
    ]
)
