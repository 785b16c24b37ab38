// Dear ImGui: build its font atlas and lay out windows of widgets, frame after frame.
// args: frames rows demo(0, 1)
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <imgui.h>

int main(int argc, char **argv) {
    int frames = argc > 1 ? atoi(argv[1]) : 4, rows = argc > 2 ? atoi(argv[2]) : 20;
    int demo = argc > 3 ? atoi(argv[3]) : 0;
    ImGui::CreateContext();
    ImGuiIO &io = ImGui::GetIO();
    io.IniFilename = nullptr;
    io.DisplaySize = ImVec2(900, 700);
    // Only the letters, unsmoothed: the atlas shall not be most of the work.
    static const ImWchar letters[] = {32, 122, 0};
    ImFontConfig font;
    font.SizePixels = 13;
    font.OversampleH = 1;
    font.GlyphRanges = letters;
    io.Fonts->Flags |= ImFontAtlasFlags_NoBakedLines;
    io.Fonts->AddFontDefault(&font);
    unsigned char *pixels;
    int width, height;
    io.Fonts->GetTexDataAsAlpha8(&pixels, &width, &height);
    unsigned sum = 0, corners = 0;
    for (int i = 0; i < width * height; i += 16)
        sum = sum * 31 + pixels[i];
    float level[8] = {};
    char text[64] = "note";
    bool ticked = false, open = true;
    for (int f = 0; f < frames; f++) {
        io.DeltaTime = 1.0f / 60;
        io.AddMousePosEvent(100.0f + f * 17 % 300, 80.0f + f * 29 % 400);
        io.AddMouseButtonEvent(0, f % 3 == 1);
        ImGui::NewFrame();
        if (demo)
            ImGui::ShowDemoWindow(&open);
        for (int w = 0; w < 3; w++) {
            char name[32];
            snprintf(name, sizeof name, "window %d", w);
            ImGui::SetNextWindowPos(ImVec2(40.0f + 250 * w, 30.0f + 60 * w), ImGuiCond_FirstUseEver);
            ImGui::SetNextWindowSize(ImVec2(320, 400), ImGuiCond_FirstUseEver);
            if (ImGui::Begin(name)) {
                ImGui::TextWrapped("frame %d of %d, %.2f: a sentence that is long enough to be wrapped", f, frames, level[w]);
                ImGui::SliderFloat("level", &level[w], 0, 10);
                ImGui::Checkbox("ticked", &ticked);
                ImGui::InputText("text", text, sizeof text);
                if (ImGui::TreeNodeEx("list", ImGuiTreeNodeFlags_DefaultOpen)) {
                    for (int i = 0; i < rows; i++) {
                        ImGui::PushID(i);
                        ImGui::Selectable(i % 4 ? "entry" : "other entry", i == f);
                        if (i % 5 == 0)
                            ImGui::ProgressBar((i + f) % 20 / 20.0f);
                        ImGui::PopID();
                    }
                    ImGui::TreePop();
                }
                if (ImGui::BeginTable("table", 3, ImGuiTableFlags_Borders | ImGuiTableFlags_Resizable)) {
                    for (int i = 0; i < rows; i++) {
                        ImGui::TableNextColumn();
                        ImGui::Text("%d:%d", i, i * f);
                    }
                    ImGui::EndTable();
                }
                ImGui::PlotLines("plot", level, 8);
            }
            ImGui::End();
        }
        ImGui::Render();
        const ImDrawData *data = ImGui::GetDrawData();
        for (int l = 0; l < data->CmdListsCount; l++) {
            const ImDrawList *list = data->CmdLists[l];
            for (const ImDrawVert &v : list->VtxBuffer)
                sum = sum * 31 + unsigned(v.pos.x * 8 + v.pos.y * 64) + v.col;
            corners += list->IdxBuffer.Size;
        }
    }
    ImGui::DestroyContext();
    printf("checksum %08x %u\n", sum, corners);
    return 0;
}
