import CShims
import Testing

@testable import Gateway

@Suite("What the system knows of the process")
struct ProcessProbeTests {
    @Test("All of it, and plausible")
    func figures() throws {
        let figures = ProcessProbe().read()
        let (resident, virtual) = (try #require(figures.residentMemory), try #require(figures.virtualMemory))
        #expect(resident > 1 << 20 && resident < virtual)
        #expect(try #require(figures.cpuMicroseconds) > 0)
        let (open, limit) = (try #require(figures.openDescriptors), try #require(figures.descriptorLimit))
        #expect(open >= 3 && open < limit)
    }

    @Test("Descriptors are counted")
    func descriptors() {
        let before = CShims_count_descriptors()
        let opened = (0..<200).map { _ in CShims_eventfd() }
        // Other tests open and close some of their own meanwhile.
        #expect(CShims_count_descriptors() > before + 100)
        for descriptor in opened { CShims_close(descriptor) }
    }
}
