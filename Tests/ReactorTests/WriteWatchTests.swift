import CShims
import Testing

@testable import Reactor

@Suite("Files that are being written")
struct WriteWatchTests {
    /// A folder with a file in it, and a watch of that file.
    private final class Stage {
        let folder: String
        let file: String
        let watch: Watch

        /// Holds the watch, which cannot be copied.
        final class Watch {
            var value: WriteWatch
            init() throws { value = try WriteWatch() }
        }

        init() throws {
            var template = Array("/tmp/sluice-write-watch-XXXXXX".utf8CString)
            folder = mkdtemp(&template).map { String(cString: $0) } ?? "/nowhere"
            file = folder + "/file"
            watch = try Watch()
            write(file, "old").close()
            #expect(watch.value.watch([file]) == nil)
        }

        deinit {
            for name in ["file", "other", "link"] { unlink(folder + "/" + name) }
            rmdir(folder)
        }

        struct Writer {
            let descriptor: Int32
            func add(_ text: String) { _ = CShims_write(descriptor, text, text.utf8.count) }
            func close() { Socket.close(descriptor) }
        }

        @discardableResult
        func write(_ path: String, _ text: String) -> Writer {
            let writer = Writer(descriptor: CShims_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600))
            writer.add(text)
            return writer
        }

        func isBeingWritten(at now: Int64 = 0) -> Bool {
            watch.value.update(now: now)
            return watch.value.beingWritten == [file]
        }
    }

    @Test("From the first write until it is closed, or nobody has written for a minute")
    func writing() throws {
        let stage = try Stage()
        #expect(!stage.isBeingWritten())
        let writer = stage.write(stage.file, "n")
        #expect(stage.isBeingWritten())
        #expect(stage.isBeingWritten(at: WriteWatch.patience - 1))
        writer.add("ew")
        writer.close()
        #expect(!stage.isBeingWritten())
        let idle = stage.write(stage.file, "again")
        #expect(stage.isBeingWritten(at: 1000))
        #expect(!stage.isBeingWritten(at: 1000 + WriteWatch.patience))
        idle.close()
    }

    @Test("A file that takes its place is written while it is not closed; one that is renamed into it is whole")
    func replaced() throws {
        let stage = try Stage()
        unlink(stage.file)
        let writer = stage.write(stage.file, "")
        #expect(stage.isBeingWritten())
        writer.close()
        #expect(!stage.isBeingWritten())
        let other = stage.write(stage.folder + "/other", "x")
        #expect(!stage.isBeingWritten())
        other.close()
        rename(stage.folder + "/other", stage.file)
        #expect(!stage.isBeingWritten())
    }

    @Test("Links are followed to where they lead when the files are named")
    func links() throws {
        let stage = try Stage()
        let link = stage.folder + "/link"
        symlink("file", link)
        #expect(stage.watch.value.watch([link]) == nil)
        let writer = stage.write(stage.file, "new")
        stage.watch.value.update(now: 0)
        #expect(stage.watch.value.beingWritten == [link])
        writer.close()
    }

    @Test("More events than the kernel keeps: every file may be being written")
    func overflow() throws {
        let stage = try Stage()
        let limit =
            Int(
                String(decoding: try File.read("/proc/sys/fs/inotify/max_queued_events", limit: 32), as: UTF8.self)
                    .trimmingNewline) ?? 16_384
        func overflow() {
            for _ in 0...limit / 2 {
                stage.write(stage.folder + "/other", "x").close()
                unlink(stage.folder + "/other")
            }
        }
        overflow()
        #expect(stage.isBeingWritten())
        overflow()
        #expect(stage.isBeingWritten(at: WriteWatch.patience - 1))
        overflow()
        #expect(!stage.isBeingWritten(at: WriteWatch.patience), "a busy folder does not keep them forever")
    }

    @Test("A link to a whole file is whole, as nobody will close it")
    func hardLink() throws {
        let stage = try Stage()
        stage.write(stage.folder + "/other", "x").close()
        unlink(stage.file)
        #expect(link(stage.folder + "/other", stage.file) == 0)
        #expect(!stage.isBeingWritten())
    }

    @Test("A folder in the place of another is another")
    func folderReplaced() throws {
        let stage = try Stage()
        #expect(stage.watch.value.moved == [stage.file])
        #expect(stage.watch.value.watch([stage.file]) == nil)
        #expect(stage.watch.value.moved.isEmpty)
        let old = stage.folder + ".old"
        #expect(rename(stage.folder, old) == 0 && mkdir(stage.folder, 0o700) == 0)
        let writer = stage.write(stage.file, "new")
        #expect(stage.watch.value.watch([stage.file]) == nil)
        #expect(stage.watch.value.moved == [stage.file])
        writer.add("er")
        #expect(stage.isBeingWritten())
        writer.close()
        unlink(old + "/file")
        rmdir(old)
    }

    @Test("A file that is not there is no fault; the others are watched")
    func missing() throws {
        let stage = try Stage()
        #expect(stage.watch.value.watch([stage.file, "/nowhere/file"]) == nil)
        let writer = stage.write(stage.file, "x")
        #expect(stage.isBeingWritten())
        writer.close()
    }
}

extension String {
    fileprivate var trimmingNewline: String { last == "\n" ? String(dropLast()) : self }
}
