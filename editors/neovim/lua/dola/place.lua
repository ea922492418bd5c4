---What the user means: the cursor, lines, or a selection.

local api = vim.api

---A part of a buffer. Rows from 0, columns in bytes from 0, the end excluded.
---@class dola.Place
---@field bufnr integer
---@field row integer
---@field col integer
---@field end_row integer
---@field end_col integer

local M = {}

---@param bufnr integer
---@param row integer
---@return string
local function line(bufnr, row)
  return api.nvim_buf_get_lines(bufnr, row, row + 1, false)[1] or ''
end

---The cursor, which stands for the symbol round it.
---@return dola.Place
function M.cursor()
  local row, col = unpack(api.nvim_win_get_cursor(0))
  return {
    bufnr = api.nvim_get_current_buf(),
    row = row - 1,
    col = col,
    end_row = row - 1,
    end_col = col,
  }
end

---Whole lines.
---@param first integer From 1.
---@param last integer
---@return dola.Place
function M.lines(first, last)
  local bufnr = api.nvim_get_current_buf()
  return {
    bufnr = bufnr,
    row = first - 1,
    col = 0,
    end_row = last - 1,
    end_col = #line(bufnr, last - 1),
  }
end

---The selection in Visual mode; nil in every other mode. A block counts as its lines.
---@return dola.Place?
function M.selection()
  local mode = vim.fn.mode()
  if not vim.list_contains({ 'v', 'V', '\22' }, mode) then
    return nil
  end
  local from, to = vim.fn.getpos('v'), vim.fn.getpos('.')
  if from[2] > to[2] or (from[2] == to[2] and from[3] > to[3]) then
    from, to = to, from
  end
  local place = M.lines(from[2], to[2])
  if mode == 'v' then
    local last = line(place.bufnr, place.end_row)
    place.col = from[3] - 1
    if vim.o.selection == 'exclusive' then
      place.end_col = to[3] - 1
    elseif to[3] <= #last then
      -- The last byte of the character under the cursor.
      place.end_col = to[3] + vim.str_utf_end(last, to[3])
    end
  end
  return place
end

---@param bufnr integer
---@param row integer
---@param col integer
---@param encoding string
---@return lsp.Position
local function position(bufnr, row, col, encoding)
  local text = line(bufnr, row)
  return { line = row, character = vim.str_utfindex(text, encoding, math.min(col, #text)) }
end

---A place as the protocol has it.
---@param place dola.Place
---@param encoding string The client's `offset_encoding`.
---@return lsp.Range
function M.range(place, encoding)
  return {
    start = position(place.bufnr, place.row, place.col, encoding),
    ['end'] = position(place.bufnr, place.end_row, place.end_col, encoding),
  }
end

return M
